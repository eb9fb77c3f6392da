// Tests reading evaluation.judges.
#include "server/config/judges_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace assay::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Read {
  std::vector<evaluator::JudgeOptions> judges;
  std::string error;
};

Read Parse(const std::string& judges) {
  auto document = YamlDocument::Parse("judges:\n  - " + judges + "\n", "assayd.yaml");
  EXPECT_TRUE(document.ok()) << document.status();
  Read read;
  read.judges = ReadJudges((*document)->root());
  read.error = std::string((*document)->Finish().message());
  return read;
}

TEST(JudgesConfigTest, JudgesAreModelsOrEndpoints) {
  const Read read = Parse(
      "{ name: local, model: qwen }\n  - { name: gpt, model: gpt-x, endpoint: "
      "https://api.example.com/v1/, api_key_env: GPT_KEY, usd_per_million_input_tokens: 2.5, "
      "usd_per_million_output_tokens: 10, timeout: 20s }");
  EXPECT_EQ(read.error, "");
  ASSERT_EQ(read.judges.size(), 2U);
  EXPECT_EQ(read.judges[0].model, "qwen");
  EXPECT_EQ(read.judges[0].endpoint, "");
  EXPECT_EQ(read.judges[1].endpoint, "https://api.example.com/v1");
  EXPECT_EQ(read.judges[1].api_key_env, "GPT_KEY");
  EXPECT_EQ(read.judges[1].usd_per_million_input_tokens, 2.5);
  EXPECT_EQ(read.judges[1].usd_per_million_output_tokens, 10);
  EXPECT_EQ(read.judges[1].timeout, absl::Seconds(20));
}

TEST(JudgesConfigTest, ErrorsNameTheKey) {
  EXPECT_THAT(Parse("{ name: jury, model: m }").error, HasSubstr("and not 'jury'"));
  EXPECT_THAT(Parse("{ name: a, model: m }\n  - { name: a, model: n }").error,
              HasSubstr("'a' is duplicated"));
  EXPECT_THAT(Parse("{ name: a }").error, HasSubstr("judges[0].model"));
  EXPECT_THAT(Parse("{ name: a, model: m, api_key_env: K }").error,
              HasSubstr("api_key_env: applies to judges with an endpoint only"));
  EXPECT_THAT(Parse("{ name: a, model: m, endpoint: ftp://x }").error,
              HasSubstr("must be an http or https URL"));
}

TEST(JudgesConfigTest, KeysAreNeitherInTheFileNorSentUnencrypted) {
  const Read key = Parse("{ name: a, model: m, endpoint: 'https://x/v1', api_key_env: sk-canary }");
  EXPECT_THAT(key.error, HasSubstr("not the key itself"));
  EXPECT_THAT(key.error, Not(HasSubstr("canary")));
  EXPECT_THAT(
      Parse("{ name: a, model: m, endpoint: 'https://x/v1', api_key_env: sk_canary1 }").error,
      HasSubstr("not the key itself"));
  EXPECT_THAT(Parse("{ name: a, model: m, endpoint: 'https://u:canary@x/v1' }").error,
              HasSubstr("must have no user name"));
  EXPECT_THAT(Parse("{ name: a, model: m, endpoint: 'http://x/v1', api_key_env: K }").error,
              HasSubstr("unencrypted"));
  EXPECT_EQ(
      Parse("{ name: a, model: m, endpoint: 'http://localhost:8000/v1', api_key_env: K }").error,
      "");
}

}  // namespace
}  // namespace assay::server
