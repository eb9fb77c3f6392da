// The deadline, the cancellation and the caller of one call.
#ifndef ASSAY_BASE_CALL_CONTEXT_H_
#define ASSAY_BASE_CALL_CONTEXT_H_

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/caller_share.h"
#include "base/steady_time.h"

namespace assay {

// Lets a long-running function find out that its caller has stopped waiting. Functions take it by
// const reference and poll IsDone() or Check(). Immutable and cheap to copy; thread-safe if the
// cancellation function is.
class CallContext {
 public:
  // Returns true once the caller has gone. Must not block.
  using CancelledFn = std::function<bool()>;

  // Has no deadline and is never cancelled.
  CallContext() = default;
  // `cancelled` may be null.
  explicit CallContext(CancelledFn cancelled, SteadyTime deadline = SteadyTime::InfiniteFuture())
      : cancelled_(std::move(cancelled)), deadline_(deadline) {}
  static CallContext WithDeadline(SteadyTime deadline) { return CallContext(nullptr, deadline); }
  static CallContext WithTimeout(absl::Duration timeout) {
    return WithDeadline(SteadyTime::Now() + timeout);
  }

  SteadyTime deadline() const { return deadline_; }
  // True if the caller has gone.
  bool IsCancelled() const { return cancelled_ != nullptr && cancelled_(); }
  // True if the deadline has passed.
  bool IsLate() const;
  // True if the call must end, for either reason.
  bool IsDone() const { return IsCancelled() || IsLate(); }
  // Returns OK, CANCELLED or DEADLINE_EXCEEDED. Cancellation has precedence.
  absl::Status Check() const;

  // Queues are shared by callers. The daemon's own work, unless For() was called.
  const CallerShare& caller() const;

  // Returns a context that also ends when `cancelled` returns true.
  CallContext OrWhen(CancelledFn cancelled) const;
  // Returns a context with the earlier of the two deadlines.
  CallContext Until(SteadyTime deadline) const;
  // Returns a context whose work is done for `caller`.
  CallContext For(CallerShare caller) const;

 private:
  CancelledFn cancelled_;
  SteadyTime deadline_ = SteadyTime::InfiniteFuture();
  // Null for the daemon's own work.
  std::shared_ptr<const CallerShare> caller_;
};

}  // namespace assay

#endif  // ASSAY_BASE_CALL_CONTEXT_H_
