// Prompt files: the fields that are read, and the place in errors.
#include "client/input/prompts_file.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::client {
namespace {

using ::testing::EndsWith;

class PromptsFileTest : public ::testing::Test {
 protected:
  ~PromptsFileTest() override { std::remove(path_.c_str()); }

  absl::StatusOr<std::vector<v1::EvaluationPrompt>> Read(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    absl::StatusOr<PromptSet> set = ReadPrompts(path_, {});
    if (!set.ok()) return set.status();
    return set->prompts;
  }
  std::string Error(const std::string& text) {
    const absl::Status status = Read(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  }

  const std::string path_ = ::testing::TempDir() + "/" +
                            ::testing::UnitTest::GetInstance()->current_test_info()->name() +
                            ".jsonl";
};

constexpr char kLine[] = R"({"id":"a","content_type":"blog","prompt":"Écris"})";

TEST_F(PromptsFileTest, LinesBecomePrompts) {
  const auto prompts = Read(std::string(kLine) + "\r\n\n" +
                            R"({"id":"b","content_type":"blog","prompt":"two","more":1})");
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  ASSERT_EQ(prompts->size(), 2U);
  EXPECT_EQ((*prompts)[0].prompt(), "Écris");
  EXPECT_EQ((*prompts)[1].id(), "b");
}

TEST_F(PromptsFileTest, ErrorsNameFileAndLine) {
  const std::string good = std::string(kLine) + "\n";
  EXPECT_EQ(Error(good + "{oops"), path_ + ":2: not JSON; each line must be one object");
  EXPECT_EQ(Error(good + "[]"), path_ + ":2: not a JSON object");
  EXPECT_EQ(Error(R"({"id":"a","prompt":"x"})"), path_ + ":1: \"content_type\" must be a string");
  EXPECT_EQ(Error(R"({"id":"","content_type":"x","prompt":"x"})"), path_ + ":1: \"id\" is empty");
  EXPECT_EQ(Error(good + "\n" + good),
            path_ + ":3: the id \"a\" is a duplicate of " + path_ + ":1");
}

TEST_F(PromptsFileTest, EmptyAndMissingFilesAreErrors) {
  EXPECT_THAT(Error("\n"), EndsWith(": has no prompts"));
  EXPECT_EQ(ReadPrompts("/no/such", {}).status().message(), "/no/such: cannot be opened");
  EXPECT_FALSE(ReadPrompts(::testing::TempDir(), {}).ok());
}

TEST_F(PromptsFileTest, EndlessFileIsReadOnlyToTheLimit) {
  const absl::Status status = ReadPrompts("/dev/zero", {}).status();
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("longer than 64 MiB"));
}

}  // namespace
}  // namespace assay::client
