// GGUF files: metadata, errors, and files that change after they were opened.
#include "engine/formats/gguf.h"

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/formats/gguf_bytes.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(GgufTest, MetadataOfEveryTypeIsRead) {
  const auto file = GgufFile::Open(kTypes);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->version(), 3);
  EXPECT_EQ(*(*file)->GetString("test.text"), "grüße");
  EXPECT_EQ(*(*file)->GetInt("test.unsigned", 0, INT64_MAX), 4'000'000'000);
  EXPECT_EQ(*(*file)->GetInt("test.signed", -10, 10), -5);
  EXPECT_DOUBLE_EQ(*(*file)->GetFloat("test.float"), 1.5);
  EXPECT_TRUE(*(*file)->GetBool("test.flag"));
  EXPECT_THAT(*(*file)->GetStrings("test.strings"), ElementsAre("a", "", "ß"));
  EXPECT_THAT(*(*file)->GetInts("test.numbers"), ElementsAre(1, -2, 3));
}

TEST(GgufTest, ErrorsNameTheKeyTheValueAndTheType) {
  const auto file = GgufFile::Open(kTypes);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->GetString("nothing").status().code(), absl::StatusCode::kNotFound);
  const std::vector<std::pair<absl::Status, std::string>> cases = {
      {(*file)->GetString("test.flag").status(), "'test.flag' is the boolean true, not a string"},
      {(*file)->GetInt("test.text", 0, 9).status(),
       "'test.text' is the string 'gr\\303\\274\\303\\237e', not a whole number"},
      {(*file)->GetBool("test.signed").status(), "'test.signed' is the whole number -5, not a b"},
      {(*file)->GetInts("test.strings").status(),
       "'test.strings' is an array of 3 strings, not an array of whole numbers"},
      {(*file)->GetStrings("test.float").status(),
       "'test.float' is the floating-point number 1.5, not an array of strings"}};
  for (const auto& [status, message] : cases) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
  const absl::Status range = (*file)->GetInt("test.signed", 0, 9).status();
  EXPECT_EQ(range.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(range.message()), HasSubstr("'test.signed' is -5, outside 0 to 9"));
}

TEST(GgufTest, MissingFileAndFolderAreErrors) {
  EXPECT_EQ(GgufFile::Open("/nonexistent").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GgufFile::Open(testing::TempDir()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(GgufTest, FileCutAfterOpeningIsDataLossInsteadOfSigbus) {
  const std::string path = testing::TempDir() + "/cut_" + std::to_string(getpid()) + ".gguf";
  std::filesystem::copy_file(kTypes, path, std::filesystem::copy_options::overwrite_existing);
  const auto file = GgufFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  const StoredTensor& first = (*file)->tensors().front();
  const StoredTensor& last = (*file)->tensors().back();
  EXPECT_TRUE((*file)->CheckPresent(last).ok());
  std::filesystem::resize_file(path, 8000);
  EXPECT_TRUE((*file)->CheckPresent(first).ok());
  const absl::Status status = (*file)->CheckPresent(last);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(path + ": tensor 'mxfp4': the file was cut from 22624 to 8000 bytes"));
  unlink(path.c_str());
}

TEST(GgufTest, FileReplacedByRenamingStaysReadable) {
  const std::string path = testing::TempDir() + "/renamed_" + std::to_string(getpid()) + ".gguf";
  std::filesystem::copy_file(kTypes, path, std::filesystem::copy_options::overwrite_existing);
  const auto file = GgufFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  std::ofstream(path + ".new") << "short";
  std::filesystem::rename(path + ".new", path);
  for (const StoredTensor& tensor : (*file)->tensors()) {
    EXPECT_TRUE((*file)->CheckPresent(tensor).ok()) << tensor.name;
  }
  unlink(path.c_str());
}

}  // namespace
}  // namespace assay::engine
