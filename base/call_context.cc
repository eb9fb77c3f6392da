// The deadline and the cancellation of one call.
#include "base/call_context.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace assay {

bool CallContext::IsLate() const {
  return deadline_ != absl::InfiniteFuture() && absl::Now() >= deadline_;
}

absl::Status CallContext::Check() const {
  if (IsCancelled()) return absl::CancelledError("cancelled");
  if (IsLate()) return absl::DeadlineExceededError("the deadline has passed");
  return absl::OkStatus();
}

CallContext CallContext::OrWhen(CancelledFn cancelled) const {
  if (cancelled_ == nullptr) return CallContext(std::move(cancelled), deadline_);
  return CallContext(
      [first = cancelled_, second = std::move(cancelled)] { return first() || second(); },
      deadline_);
}

CallContext CallContext::Until(absl::Time deadline) const {
  return CallContext(cancelled_, std::min(deadline_, deadline));
}

}  // namespace assay
