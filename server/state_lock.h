// One daemon a state folder.
#ifndef ASSAY_SERVER_STATE_LOCK_H_
#define ASSAY_SERVER_STATE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace assay::server {

// Holds the folder for this process until it is destroyed, or the process ends in any way: a second
// daemon would take the first one's running evaluations for interrupted ones.
class StateLock {
 public:
  // Makes the folder if it is missing. PERMISSION_DENIED: cannot be made or written.
  // FAILED_PRECONDITION: another process holds it. Both name the path.
  static absl::StatusOr<std::unique_ptr<StateLock>> Acquire(const std::string& folder);
  ~StateLock();

  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

 private:
  explicit StateLock(int descriptor) : descriptor_(descriptor) {}

  const int descriptor_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_STATE_LOCK_H_
