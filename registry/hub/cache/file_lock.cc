// The file lock that a download holds.
#include "registry/hub/cache/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace assay::registry {
namespace {

// Writable by the group, so that several users can share a cache.
constexpr mode_t kMode = 0664;

absl::Status LockError(const std::string& path, int error) {
  return absl::ErrnoToStatus(error, absl::StrCat(path, ": cannot lock"));
}

}  // namespace

FileLock::~FileLock() { close(fd_); }

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Try(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kMode);
  if (fd < 0) return LockError(path, errno);
  std::unique_ptr<FileLock> lock(new FileLock(fd));
  // Overrides the umask. Fails for a file of another user, which keeps its mode.
  (void)fchmod(fd, kMode);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK || errno == EINTR || errno == EACCES) return nullptr;
    return LockError(path, errno);
  }
  struct stat opened;
  struct stat named;
  // Some versions of filelock delete the file when they release it. Then our file is no longer the
  // lock that others use.
  if (fstat(fd, &opened) != 0 || stat(path.c_str(), &named) != 0 || opened.st_ino != named.st_ino ||
      opened.st_dev != named.st_dev) {
    return nullptr;
  }
  return lock;
}

}  // namespace assay::registry
