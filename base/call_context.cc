// The deadline, the cancellation and the caller of one call.
#include "base/call_context.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/status.h"

namespace assay {

bool CallContext::IsLate() const {
  return deadline_ != SteadyTime::InfiniteFuture() && deadline_.HasPassed();
}

absl::Status CallContext::Check() const {
  if (IsCancelled()) return absl::CancelledError("cancelled");
  if (IsLate()) return absl::DeadlineExceededError("the deadline has passed");
  return absl::OkStatus();
}

const CallerShare& CallContext::caller() const {
  static const CallerShare kDaemon;
  return caller_ == nullptr ? kDaemon : *caller_;
}

CallContext CallContext::OrWhen(CancelledFn cancelled) const {
  CallContext either = *this;
  if (cancelled_ == nullptr) {
    either.cancelled_ = std::move(cancelled);
  } else {
    either.cancelled_ = [first = cancelled_, second = std::move(cancelled)] {
      return first() || second();
    };
  }
  return either;
}

CallContext CallContext::Until(SteadyTime deadline) const {
  CallContext earlier = *this;
  earlier.deadline_ = std::min(deadline_, deadline);
  return earlier;
}

CallContext CallContext::For(CallerShare caller) const {
  CallContext owned = *this;
  owned.caller_ = std::make_shared<const CallerShare>(std::move(caller));
  return owned;
}

}  // namespace assay
