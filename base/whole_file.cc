// Reads and writes whole files.
#include "base/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

absl::Status WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, "cannot write");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  // Some file systems cannot sync.
  if (fsync(fd) != 0 && errno != EINVAL) return absl::ErrnoToStatus(errno, "cannot sync");
  return absl::OkStatus();
}

absl::Status WriteNewFile(const std::string& path, std::string_view bytes, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return absl::ErrnoToStatus(errno, "cannot create");
  absl::Status status = WriteAll(fd, bytes);
  if (close(fd) != 0 && status.ok()) status = absl::ErrnoToStatus(errno, "cannot close");
  return status;
}

absl::Status Replace(const std::string& path, std::string_view bytes, mode_t mode) {
  static std::atomic<int> count = 0;
  const std::string temporary = absl::StrCat(path, ".", getpid(), ".", count++, ".tmp");
  absl::Cleanup remove = [&temporary] { unlink(temporary.c_str()); };
  // Left behind by a process of the same number that was killed.
  unlink(temporary.c_str());
  RETURN_IF_ERROR(WriteNewFile(temporary, bytes, mode));
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, "cannot rename");
  }
  std::move(remove).Cancel();
  const std::string folder = std::filesystem::path(path).parent_path().string();
  // The file is replaced now. Without this, a loss of power may bring the old one back.
  SyncFolder(folder.empty() ? "." : folder).IgnoreError();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, int64_t max_bytes) {
  // Opening a named pipe would wait for its writer.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot open"));
  const absl::Cleanup close_file = [fd] { close(fd); };
  struct stat status{};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is not a regular file"));
  }
  if (status.st_size > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": has ", status.st_size, " bytes; at most ", max_bytes, " are read"));
  }
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t count = read(fd, bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot read"));
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  bytes.resize(size);
  return bytes;
}

absl::Status WriteWholeFile(const std::string& path, std::string_view bytes, mode_t mode) {
  absl::Status status = Replace(path, bytes, mode);
  if (status.ok()) return status;
  return {status.code(), absl::StrCat(path, ": ", std::string(status.message()))};
}

absl::Status SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, folder);
  const int result = fsync(fd);
  const int error = errno;
  close(fd);
  // Some network file systems do not support fsync of a folder.
  if (result == 0 || error == EINVAL) return absl::OkStatus();
  return absl::ErrnoToStatus(error, folder);
}

}  // namespace assay
