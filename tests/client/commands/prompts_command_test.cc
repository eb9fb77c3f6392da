// assay prompts, against a scripted server.
#include <cstdio>
#include <string>

#include "client/input/prompts_file.h"
#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PromptsCommandTest : public ::testing::Test {
 protected:
  ~PromptsCommandTest() override { std::remove(path_.c_str()); }

  void Add(const std::string& id, const std::string& type, const std::string& text) {
    v1::RecordedPrompt prompt;
    prompt.set_request_id(id);
    prompt.set_content_type(type);
    prompt.set_model("tiny");
    prompt.set_prompt(text);
    prompt.mutable_recorded_at()->set_seconds(1'780'000'000 - 86'400 * count_++);
    prompt.set_redacted(true);
    prompt.set_redactions(1);
    daemon_.prompt_log.prompts.push_back(prompt);
  }

  FakeDaemon daemon_;
  const std::string path_ = ::testing::TempDir() + "assay_exported.jsonl";
  int count_ = 0;
};

TEST_F(PromptsCommandTest, ListShowsTextAndThatNothingIsRecorded) {
  Add("r1", "email", "Write to [email]\nabout \x1b[2Jit");
  const CliResult result =
      daemon_.Run({"prompts", "list", "--content-type", "email", "--since", "7d", "--limit", "5"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("r1"));
  EXPECT_THAT(result.out, HasSubstr("Write to [email]"));
  EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(result.out, HasSubstr("1 of 1 recorded prompts; the server does not record now"));
  EXPECT_EQ(daemon_.prompt_log.listed.content_type(), "email");
  EXPECT_EQ(daemon_.prompt_log.listed.limit(), 5);
  EXPECT_GT(daemon_.prompt_log.listed.since().seconds(), 1'700'000'000);
  EXPECT_EQ(daemon_.Run({"prompts", "list", "--since", "soon"}).code, kExitUsage);
}

// The file is read as `assay evaluate --prompts` reads it.
TEST_F(PromptsCommandTest, ExportIsAPromptsFileWithoutDuplicates) {
  Add("r1", "email", "first");
  Add("r1", "email", "second");
  Add("r3", "email", "first");
  Add("r4", "", "untyped");
  const CliResult result = daemon_.Run({"prompts", "export", "--output", path_});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("wrote 2 of 4 recorded prompts"));
  EXPECT_THAT(result.out, HasSubstr("dropped 1 duplicate and 1 without a content type"));
  const auto set = ReadPrompts(path_, {});
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(set->prompts.size(), 2U);
  EXPECT_EQ(set->prompts[0].id(), "r1");
  EXPECT_EQ(set->prompts[1].id(), "r1-2");
  EXPECT_EQ(set->prompts[1].prompt(), "second");
  EXPECT_EQ(set->source, "requests of 2026-05-27 to 2026-05-28");
}

TEST_F(PromptsCommandTest, ExportTakesARandomSampleAndTypesThePrompts) {
  for (int i = 0; i < 20; ++i) Add("r" + std::to_string(i), "", "text " + std::to_string(i));
  const CliResult none = daemon_.Run({"prompts", "export", "--output", path_});
  EXPECT_EQ(none.code, kExitNotFound);
  EXPECT_THAT(none.err, HasSubstr("need --untyped-as"));
  const CliResult result = daemon_.Run({"--json", "prompts", "export", "--sample", "3", "--seed",
                                        "4", "--untyped-as", "blog", "--output", path_});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\"written\":3,\"recorded\":20,\"duplicates\":0"));
  const auto set = ReadPrompts(path_, {});
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->prompts.size(), 3U);
  EXPECT_EQ(set->prompts[0].content_type(), "blog");
  EXPECT_THAT(set->source, HasSubstr("(random 3 of 20, seed 4)"));
}

TEST_F(PromptsCommandTest, DeleteSendsTheFilter) {
  const CliResult result = daemon_.Run({"prompts", "delete", "--older-than", "36h"});
  EXPECT_EQ(result.out, "deleted 2 prompts\n");
  EXPECT_TRUE(daemon_.prompt_log.deleted.has_before());
  EXPECT_FALSE(daemon_.prompt_log.deleted.all());
  daemon_.Run({"prompts", "delete", "--all"});
  EXPECT_TRUE(daemon_.prompt_log.deleted.all());
}

}  // namespace
}  // namespace assay::client
