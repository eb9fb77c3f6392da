// The calls that are not finished: the memory of their messages and the time that replies wait.
#ifndef ASSAY_SERVER_RPC_OPEN_CALLS_H_
#define ASSAY_SERVER_RPC_OPEN_CALLS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <unordered_set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace assay::server {

// Base of every call that sends replies.
class OpenCall {
 public:
  virtual ~OpenCall() = default;

  // Cancels the call as if its caller had done so. Must not block.
  virtual void Cancel() = 0;

  // Says that a message begins to wait for its reader, or that no message waits any more.
  void BeginWait();
  void EndWait() { waits_since_ns_ = kNever; }

  // Returns how long a message has waited for its reader. Zero if none waits.
  absl::Duration Waited() const;

 private:
  static constexpr int64_t kNever = 0;

  // By the monotonic clock.
  std::atomic<int64_t> waits_since_ns_ = kNever;
};

// Cancels calls whose reader has stopped to read, and counts the memory of all messages.
// Thread-safe.
class OpenCalls {
 public:
  // A reply may wait `write_timeout` for its reader. All messages together may hold `max_bytes`.
  OpenCalls(absl::Duration write_timeout, int64_t max_bytes);
  ~OpenCalls();

  // `call` must stay valid until Remove() returns.
  void Add(OpenCall* call) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(OpenCall* call) ABSL_LOCKS_EXCLUDED(mutex_);
  // Cancels every call.
  void CancelAll() ABSL_LOCKS_EXCLUDED(mutex_);
  size_t size() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Counts a message of `bytes`. Returns false, without counting it, if it does not fit beside the
  // others. A message alone always fits.
  bool Reserve(int64_t bytes);
  void Release(int64_t bytes) { bytes_ -= bytes; }
  int64_t bytes() const { return bytes_; }
  int64_t max_bytes() const { return max_bytes_; }

 private:
  void Watch() ABSL_LOCKS_EXCLUDED(mutex_);

  const absl::Duration write_timeout_;
  const int64_t max_bytes_;
  std::atomic<int64_t> bytes_ = 0;
  mutable absl::Mutex mutex_;
  std::unordered_set<OpenCall*> calls_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::CondVar stop_;
  std::thread watchdog_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_OPEN_CALLS_H_
