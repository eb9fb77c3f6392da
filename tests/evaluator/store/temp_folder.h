// A temporary folder for tests.
#ifndef ASSAY_TESTS_EVALUATOR_STORE_TEMP_FOLDER_H_
#define ASSAY_TESTS_EVALUATOR_STORE_TEMP_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace assay::evaluator {

// Creates a folder and removes it with its contents in the destructor.
class TempFolder {
 public:
  TempFolder() : path_(std::filesystem::temp_directory_path() / "assay_evaluator_XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) abort();
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_STORE_TEMP_FOLDER_H_
