// Time slices for callers that share a resource.
#include "engine/threads/time_slice_queue.h"

#include <cstdint>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/mutex_lock.h"
#include "base/steady_time.h"

namespace assay::engine {

TimeSliceQueue::Slice TimeSliceQueue::Acquire() {
  const SteadyTime start = SteadyTime::Now();
  const MutexLock lock(mutex_);
  Slice slice{.number = next_, .before = next_ - serving_};
  ++next_;
  const auto is_served = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return serving_ == slice.number;
  };
  mutex_.Await(absl::Condition(&is_served));
  slice.waited = SteadyTime::Now() - start;
  return slice;
}

void TimeSliceQueue::Release() {
  const MutexLock lock(mutex_);
  ++serving_;
}

int64_t TimeSliceQueue::requested() const {
  const MutexLock lock(mutex_);
  return next_;
}

absl::Duration TimeSliceQueue::ContentionInterval(const Slice& last) const {
  constexpr absl::Duration kUnknown = absl::Milliseconds(8);
  const MutexLock lock(mutex_);
  if (next_ == last.number + 1) return absl::ZeroDuration();
  return last.before == 0 ? kUnknown : last.waited / last.before;
}

}  // namespace assay::engine
