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
#include "server/events/log.h"

namespace assay::server {

namespace {

namespace fs = std::filesystem;

constexpr fs::perms kOthers = fs::perms::group_all | fs::perms::others_all;

absl::Status CannotCreate(const std::string& folder, const std::string& reason) {
  return absl::PermissionDeniedError(
      absl::StrCat("cannot create ", folder, ": ", reason, "; choose another folder"));
}

absl::Status CannotWrite(const std::string& path) {
  return absl::PermissionDeniedError(
      absl::StrCat("cannot write ", path, ": ", std::strerror(errno), "; choose another folder"));
}

std::string LockPath(const std::string& folder) { return folder + "/lock"; }

// Lets only this user read the folder and its files: they contain prompts. A folder of another
// user, such as a mounted volume, cannot be changed, and serves as it is.
void KeepPrivate(const std::string& folder) {
  std::error_code error;
  fs::permissions(folder, kOthers, fs::perm_options::remove, error);
  if (error) {
    LogEvent(spdlog::level::warn, "state_readable",
             {{"folder", folder}, {"error", error.message()}});
    return;
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (!entry.is_regular_file(error)) continue;
    fs::permissions(entry.path(), kOthers, fs::perm_options::remove, error);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<StateLock>> StateLock::Acquire(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return CannotCreate(folder, error.message());
  KeepPrivate(folder);
  const std::string path = LockPath(folder);
  const int descriptor = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) return CannotWrite(path);
  auto lock = std::unique_ptr<StateLock>(new StateLock(descriptor));
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, " is in use by another assayd; stop it or choose another folder"));
  }
  return lock;
}

absl::Status StateLock::Check(const std::string& folder) {
  std::error_code error;
  fs::path nearest = folder;
  while (!fs::exists(nearest, error) && nearest.has_relative_path()) {
    nearest = nearest.parent_path();
  }
  if (!fs::is_directory(nearest, error)) return CannotCreate(folder, std::strerror(ENOTDIR));
  if (nearest != folder) {
    const bool is_writable = access(nearest.c_str(), W_OK | X_OK) == 0;
    return is_writable ? absl::OkStatus() : CannotCreate(folder, std::strerror(errno));
  }
  const std::string path = LockPath(folder);
  const int descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor >= 0) {
    close(descriptor);
    return absl::OkStatus();
  }
  if (errno != ENOENT) return CannotWrite(path);
  // Sets errno again.
  return access(folder.c_str(), W_OK | X_OK) == 0 ? absl::OkStatus() : CannotWrite(path);
}

StateLock::~StateLock() { close(descriptor_); }

}  // namespace assay::server
