// Allows one daemon per state folder, with an advisory lock on a file in the folder.
#include "server/state_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace assay::server {

absl::StatusOr<std::unique_ptr<StateLock>> StateLock::Acquire(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot create ", folder, ": ", error.message(), "; choose another folder"));
  }
  const std::string path = folder + "/lock";
  const int descriptor = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot write ", path, ": ", std::strerror(errno), "; choose another folder"));
  }
  auto lock = std::unique_ptr<StateLock>(new StateLock(descriptor));
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, " is in use by another assayd; stop it or choose another folder"));
  }
  return lock;
}

StateLock::~StateLock() { close(descriptor_); }

}  // namespace assay::server
