// Writes files atomically.
#include "client/input/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace assay::client {
namespace {

constexpr mode_t kFileMode = 0644;

absl::Status WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, "cannot write");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(file) != 0 && errno != EINVAL) return absl::ErrnoToStatus(errno, "cannot sync");
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteWholeFile(const std::string& path, const std::string& bytes) {
  const std::string temporary = absl::StrCat(path, ".", ::getpid(), ".tmp");
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode);
  if (file < 0) return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot create"));
  absl::Status status = WriteAll(file, bytes);
  if (::close(file) != 0 && status.ok()) status = absl::ErrnoToStatus(errno, "cannot close");
  if (status.ok() && std::rename(temporary.c_str(), path.c_str()) != 0) {
    status = absl::ErrnoToStatus(errno, "cannot rename");
  }
  if (status.ok()) return status;
  ::unlink(temporary.c_str());
  return {status.code(), absl::StrCat(path, ": ", status.message())};
}

}  // namespace assay::client
