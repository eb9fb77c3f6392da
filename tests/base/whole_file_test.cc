// Whole files: read within limits, replaced in one step.
#include "base/whole_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/temp_folder.h"

namespace assay {
namespace {

using testing::HasSubstr;

class WholeFileTest : public testing::Test {
 protected:
  size_t FileCount() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }

  const TempFolder folder_;
  const std::string path_ = folder_ / "file";
};

TEST_F(WholeFileTest, WhatWasWrittenIsRead) {
  const std::string bytes("a\0b\n\xff", 5);
  ASSERT_TRUE(WriteWholeFile(path_, "old text that is longer", kPrivateFile).ok());
  ASSERT_TRUE(WriteWholeFile(path_, bytes, kPrivateFile).ok());
  EXPECT_EQ(*ReadWholeFile(path_, 5), bytes);
  struct stat status{};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, kPrivateFile);
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(WholeFileTest, ErrorsNameThePath) {
  const absl::Status missing = ReadWholeFile(path_, 5).status();
  EXPECT_TRUE(absl::IsNotFound(missing)) << missing;
  EXPECT_THAT(std::string(missing.message()), HasSubstr(path_));
  std::ofstream(path_) << "123456";
  const absl::Status large = ReadWholeFile(path_, 5).status();
  EXPECT_TRUE(absl::IsInvalidArgument(large)) << large;
  EXPECT_THAT(std::string(large.message()), HasSubstr("6 bytes"));
  EXPECT_FALSE(ReadWholeFile(folder_.path(), 5).ok());
  EXPECT_FALSE(ReadWholeFile("/dev/zero", 5).ok());
  const absl::Status nowhere = WriteWholeFile(folder_ / "no/file", "x", kPrivateFile);
  EXPECT_THAT(std::string(nowhere.message()), HasSubstr("/no/file: cannot create"));
}

TEST_F(WholeFileTest, NamedPipeIsRefusedAtOnce) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(ReadWholeFile(path_, 5).status()));
}

TEST_F(WholeFileTest, FailureLeavesTheOldFileAndNoOther) {
  // A folder cannot be replaced by a file.
  std::filesystem::create_directories(path_ + "/inside");
  EXPECT_FALSE(WriteWholeFile(path_, "x", kPrivateFile).ok());
  EXPECT_TRUE(std::filesystem::exists(path_ + "/inside"));
  EXPECT_EQ(FileCount(), 1u);
}

}  // namespace
}  // namespace assay
