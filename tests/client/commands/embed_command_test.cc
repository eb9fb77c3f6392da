// assay embed, against a scripted server.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class EmbedTest : public ::testing::Test {
 protected:
  ~EmbedTest() override { std::filesystem::remove(file_); }
  void PutFile(const std::string& text) const { std::ofstream(file_, std::ios::binary) << text; }

  const std::string file_ = testing::TempDir() + "/embed_test.jsonl";
  FakeDaemon daemon_;
};

TEST_F(EmbedTest, PrintsOneJsonLinePerText) {
  const CliResult result = daemon_.Run({"embed", "--model", "m", "abc", ""});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_EQ(result.out,
            "{\"vector\":[3,1],\"tokens\":5}\n"
            "{\"vector\":[0,1],\"tokens\":2,\"truncated\":true}\n");
  ASSERT_THAT(daemon_.embeddings.requests, SizeIs(1));
  EXPECT_FALSE(daemon_.embeddings.requests[0].has_normalize());
  const CliResult seen = daemon_.Run({"embed", "--model", "m", ""}, {.err_is_terminal = true});
  EXPECT_THAT(seen.err, HasSubstr("1 of 1 texts are longer"));
}

TEST_F(EmbedTest, SimilarityIsATableOrAListOfRows) {
  const CliResult table = daemon_.Run({"embed", "--model", "m", "--similarity", "abc", "abc", "x"});
  EXPECT_EQ(table.code, kExitOk) << table.err;
  // (3 + 1) / (sqrt 10 * sqrt 2)
  EXPECT_THAT(table.out, HasSubstr("1.0000  1.0000  0.8944"));
  const CliResult json =
      daemon_.Run({"--json", "embed", "--model", "m", "--similarity", "abc", "x"});
  const nlohmann::json rows = nlohmann::json::parse(json.out);
  EXPECT_NEAR(rows[0][1].get<double>(), 0.894427, 1e-6);
  EXPECT_NEAR(rows[1][1].get<double>(), 1, 1e-12);
}

TEST_F(EmbedTest, FileIsSentInRequestsOfBoundedSize) {
  std::string lines;
  for (int i = 0; i < 300; ++i) lines += "{\"text\": \"abc\"}\n";
  const std::string large(700'000, 'x');
  for (int i = 0; i < 2; ++i) lines += "{\"text\": \"" + large + "\"}\n";
  PutFile(lines);
  const CliResult result = daemon_.Run({"embed", "--model", "m", "--no-normalize", "-f", file_});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 302);
  ASSERT_THAT(daemon_.embeddings.requests, SizeIs(3));
  EXPECT_EQ(daemon_.embeddings.requests[0].input_size(), 256);
  EXPECT_EQ(daemon_.embeddings.requests[1].input_size(), 45);
  EXPECT_EQ(daemon_.embeddings.requests[2].input_size(), 1);
  EXPECT_TRUE(daemon_.embeddings.requests[0].has_normalize());
  EXPECT_FALSE(daemon_.embeddings.requests[0].normalize());
}

TEST_F(EmbedTest, WrongInputIsAUsageError) {
  PutFile("{\"text\": \"a\"}\n{\"prompt\": \"b\"}\n");
  const CliResult field = daemon_.Run({"embed", "--model", "m", "-f", file_});
  EXPECT_EQ(field.code, kExitUsage);
  EXPECT_THAT(field.err, HasSubstr(":2: \"text\" must be a string"));
  PutFile("\n");
  EXPECT_THAT(daemon_.Run({"embed", "--model", "m", "-f", file_}).err, HasSubstr("has no texts"));
  EXPECT_EQ(daemon_.Run({"embed", "--model", "m"}).code, kExitUsage);
  EXPECT_EQ(daemon_.Run({"embed", "a"}).code, kExitUsage);
  EXPECT_EQ(daemon_.Run({"embed", "--model", "m", "a", "-f", file_}).code, kExitUsage);
  EXPECT_EQ(daemon_.Run({"embed", "--model", "nope", "a"}).code, kExitNotFound);
}

}  // namespace
}  // namespace assay::client
