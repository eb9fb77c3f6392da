// A temporary folder for tests.
#ifndef ASSAY_TESTS_TEMP_FOLDER_H_
#define ASSAY_TESTS_TEMP_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace assay {

// Creates a folder and removes it with its contents in the destructor.
class TempFolder {
 public:
  TempFolder() : path_(std::filesystem::temp_directory_path() / "assay_test_XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) abort();
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  // Replaces a file of the folder, and returns its path.
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(*this / name, std::ios::binary) << text;
    return *this / name;
  }

 private:
  std::string path_;
};

}  // namespace assay

#endif  // ASSAY_TESTS_TEMP_FOLDER_H_
