// Ends a pull that is cancelled, out of time, or has failed.
#include "registry/hub/pull_control.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "base/steady_time.h"

namespace assay::registry {
namespace {

constexpr absl::Duration kCheckInterval = absl::Milliseconds(100);

}  // namespace

PullControl::PullControl(absl::Duration timeout, CallContext context, std::function<void()> tick)
    : timeout_(timeout),
      deadline_(SteadyTime::Now() + timeout),
      context_(std::move(context)),
      tick_(std::move(tick)) {}

absl::Status PullControl::Check() const {
  RETURN_IF_ERROR(failure());
  if (tick_) tick_();
  if (context_.IsDone()) {
    return absl::CancelledError(
        "cancelled; the downloaded bytes are kept, and the next pull continues there");
  }
  if (deadline_.HasPassed()) {
    return absl::DeadlineExceededError(
        absl::StrCat("not done after ", absl::FormatDuration(timeout_),
                     "; the downloaded bytes are kept, and the next pull continues there"));
  }
  return absl::OkStatus();
}

void PullControl::Fail(const absl::Status& error) {
  const MutexLock lock(mutex_);
  if (failure_.ok()) failure_ = error;
}

absl::Status PullControl::failure() const {
  const MutexLock lock(mutex_);
  return failure_;
}

absl::Status PullControl::Sleep(absl::Duration time) const {
  const SteadyTime end = SteadyTime::Now() + time;
  for (;;) {
    RETURN_IF_ERROR(Check());
    const absl::Duration left = end.Left();
    if (left <= absl::ZeroDuration()) return absl::OkStatus();
    absl::SleepFor(std::min(left, kCheckInterval));
  }
}

absl::Duration PullControl::TimeLeft() const { return deadline_.Left(); }

}  // namespace assay::registry
