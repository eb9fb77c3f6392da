// Records what administrators did.
#ifndef ASSAY_SERVER_ACCESS_AUDIT_LOG_H_
#define ASSAY_SERVER_ACCESS_AUDIT_LOG_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace assay::server {

// One call that only an administrator may make, done or denied.
struct AuditEntry {
  absl::Time time;
  // As in "assay.v1.ModelService/SetRoutes".
  std::string method;
  // The caller's id and the name of its key, as in Caller, and its address.
  std::string caller;
  std::string key;
  std::string peer;
  // The request as JSON. A long one is cut.
  std::string request;
  absl::Status status;
  absl::Duration duration;
};

// Appends entries to a file, one JSON object a line. Old lines move to a second file "PATH.1",
// which replaces the one before, so that both together stay below twice `max_bytes`. Thread-safe.
// Write() blocks for a system call.
class AuditLog {
 public:
  // Called when an entry cannot be written, at most once a minute.
  using ErrorFn = std::function<void(const absl::Status&)>;

  // Errors name the file.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(const std::string& path, int64_t max_bytes,
                                                        ErrorFn on_error);
  ~AuditLog();

  // Returns the error that Open() would return. Neither creates nor changes a file.
  static absl::Status Check(const std::string& path);

  void Write(const AuditEntry& entry) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  AuditLog(std::string path, int64_t max_bytes, ErrorFn on_error, int fd, int64_t bytes);

  absl::Status Append(const std::string& line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Turn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  const int64_t max_bytes_;
  const ErrorFn on_error_;
  absl::Mutex mutex_;
  int fd_ ABSL_GUARDED_BY(mutex_);
  int64_t bytes_ ABSL_GUARDED_BY(mutex_);
  absl::Duration next_report_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ACCESS_AUDIT_LOG_H_
