// Records what administrators did.
#include "server/access/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "base/whole_file.h"
#include "nlohmann/json.hpp"

namespace assay::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxRequestBytes = 2048;
constexpr absl::Duration kReportInterval = absl::Minutes(1);

// Opening a named pipe would wait for its reader.
constexpr int kOpenFlags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK;

absl::Status WriteError(const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot be written"));
}

absl::StatusOr<int> OpenFile(const std::string& path, int flags = kOpenFlags | O_CREAT) {
  const int fd = open(path.c_str(), flags, kPrivateFile);
  if (fd < 0) return WriteError(path);
  struct stat status{};
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) return fd;
  close(fd);
  return absl::InvalidArgumentError(absl::StrCat(path, ": is not a regular file"));
}

std::string Line(const AuditEntry& entry) {
  Json json = {{"time", absl::FormatTime(entry.time, absl::UTCTimeZone())},
               {"method", entry.method},
               {"caller", entry.caller}};
  if (!entry.key.empty()) json["key"] = entry.key;
  json["peer"] = entry.peer;
  json["request"] = entry.request.substr(0, kMaxRequestBytes);
  if (entry.request.size() > kMaxRequestBytes) json["request_bytes"] = entry.request.size();
  json["status"] = absl::StatusCodeToString(entry.status.code());
  if (!entry.status.ok()) json["error"] = std::string(entry.status.message());
  json["duration_ms"] = absl::ToDoubleMilliseconds(entry.duration);
  return absl::StrCat(json.dump(-1, ' ', false, Json::error_handler_t::replace), "\n");
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(const std::string& path, int64_t max_bytes,
                                                         ErrorFn on_error) {
  ASSIGN_OR_RETURN(const int fd, OpenFile(path));
  const off_t size = lseek(fd, 0, SEEK_END);
  return std::unique_ptr<AuditLog>(
      new AuditLog(path, max_bytes, std::move(on_error), fd, size < 0 ? 0 : size));
}

absl::Status AuditLog::Check(const std::string& path) {
  const absl::StatusOr<int> fd = OpenFile(path, kOpenFlags);
  if (fd.ok()) {
    close(*fd);
    return absl::OkStatus();
  }
  if (!absl::IsNotFound(fd.status())) return fd.status();
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return access(folder.c_str(), W_OK | X_OK) == 0 ? absl::OkStatus() : WriteError(path);
}

AuditLog::AuditLog(std::string path, int64_t max_bytes, ErrorFn on_error, int fd, int64_t bytes)
    : path_(std::move(path)),
      max_bytes_(max_bytes),
      on_error_(std::move(on_error)),
      fd_(fd),
      bytes_(bytes) {}

AuditLog::~AuditLog() { close(fd_); }

void AuditLog::Write(const AuditEntry& entry) {
  const std::string line = Line(entry);
  absl::Status status;
  {
    const MutexLock lock(mutex_);
    status = Append(line);
    if (status.ok() || SteadyNow() < next_report_) return;
    next_report_ = SteadyNow() + kReportInterval;
  }
  on_error_(status);
}

absl::Status AuditLog::Append(const std::string& line) {
  if (bytes_ > 0 && bytes_ + static_cast<int64_t>(line.size()) > max_bytes_) {
    RETURN_IF_ERROR(Turn());
  }
  const ssize_t written = write(fd_, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) {
    bytes_ += written;
    return absl::OkStatus();
  }
  const int error = written < 0 ? errno : ENOSPC;
  // Half a line would make the next one unreadable too.
  if (written > 0 && ftruncate(fd_, bytes_) != 0) bytes_ += written;
  return absl::ErrnoToStatus(error, absl::StrCat(path_, ": cannot be written"));
}

absl::Status AuditLog::Turn() {
  const std::string old = path_ + ".1";
  // Moved away by another program, or by a turn that could not open the new file.
  if (std::rename(path_.c_str(), old.c_str()) != 0 && errno != ENOENT) {
    return absl::ErrnoToStatus(errno, absl::StrCat(old, ": cannot be written"));
  }
  ASSIGN_OR_RETURN(const int fd, OpenFile(path_));
  close(fd_);
  fd_ = fd;
  bytes_ = 0;
  return absl::OkStatus();
}

}  // namespace assay::server
