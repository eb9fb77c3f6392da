// Allows one daemon per state folder.
#ifndef ASSAY_SERVER_STATE_LOCK_H_
#define ASSAY_SERVER_STATE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay::server {

// Locks a state folder until it is destroyed or the process ends in any way. A second daemon would
// take the running evaluations of the first one for interrupted ones.
class StateLock {
 public:
  // Creates the folder if it is missing. PERMISSION_DENIED: it cannot be created or written.
  // FAILED_PRECONDITION: another process holds the lock. Both messages name the path.
  static absl::StatusOr<std::unique_ptr<StateLock>> Acquire(const std::string& folder);
  // Returns the error that Acquire() would return, as far as permissions show it, without creating
  // or changing anything. Another process may hold the lock.
  static absl::Status Check(const std::string& folder);
  ~StateLock();

  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

 private:
  explicit StateLock(int descriptor) : descriptor_(descriptor) {}

  const int descriptor_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_STATE_LOCK_H_
