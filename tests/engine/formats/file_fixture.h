// The fixture of tests that write files.
#ifndef ASSAY_TESTS_ENGINE_FORMATS_FILE_FIXTURE_H_
#define ASSAY_TESTS_ENGINE_FORMATS_FILE_FIXTURE_H_

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace assay::engine {

// A folder of its own for each process, removed after each test, and a way to write files into it.
class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = absl::StrCat(testing::TempDir(), "/file_test_", getpid());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }

  std::string folder_;
};

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_FORMATS_FILE_FIXTURE_H_
