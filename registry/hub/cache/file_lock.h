// The lock that huggingface_hub takes, too, while it downloads a file.
#ifndef ASSAY_REGISTRY_HUB_CACHE_FILE_LOCK_H_
#define ASSAY_REGISTRY_HUB_CACHE_FILE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace assay::registry {

// flock(2) of a file that is made for it and stays (Python's filelock). Excludes processes and
// threads alike; the kernel frees it when its holder dies. Held as long as this lives.
class FileLock {
 public:
  // Null if somebody else has it. PERMISSION_DENIED, FAILED_PRECONDITION: the file cannot be made.
  static absl::StatusOr<std::unique_ptr<FileLock>> Try(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_FILE_LOCK_H_
