// The file lock that a download holds. huggingface_hub uses the same lock.
#ifndef ASSAY_REGISTRY_HUB_CACHE_FILE_LOCK_H_
#define ASSAY_REGISTRY_HUB_CACHE_FILE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace assay::registry {

// Holds flock(2) on a lock file for its lifetime, as Python's filelock does. The lock file is
// created if necessary and never deleted. Excludes other processes and other threads; the kernel
// releases the lock when its process ends.
class FileLock {
 public:
  // Does not block. Returns null if another process or thread holds the lock. PERMISSION_DENIED or
  // FAILED_PRECONDITION if the file cannot be created.
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
