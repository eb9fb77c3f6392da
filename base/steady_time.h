// The monotonic clock.
#ifndef ASSAY_BASE_STEADY_TIME_H_
#define ASSAY_BASE_STEADY_TIME_H_

#include <chrono>

#include "absl/time/time.h"

namespace assay {

// Returns the time since an arbitrary moment. It never jumps when the time of day is set. Cheap.
inline absl::Duration SteadyNow() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

// A moment on the monotonic clock. Deadlines and intervals use it, so that they do not change when
// the time of day is set; absl::Time is for what is recorded or shown as a date. Cheap to copy.
class SteadyTime {
 public:
  // An arbitrary moment in the past.
  constexpr SteadyTime() = default;
  static SteadyTime Now();
  static constexpr SteadyTime InfiniteFuture() { return SteadyTime(absl::InfiniteDuration()); }
  static constexpr SteadyTime InfinitePast() { return SteadyTime(-absl::InfiniteDuration()); }

  // The time until this moment; negative if it has passed.
  absl::Duration Left() const { return since_epoch_ - SteadyNow(); }
  bool HasPassed() const { return SteadyNow() >= since_epoch_; }
  // The time since the moment that the clock counts from.
  absl::Duration SinceEpoch() const { return since_epoch_; }

  friend SteadyTime operator+(SteadyTime time, absl::Duration duration) {
    return SteadyTime(time.since_epoch_ + duration);
  }
  friend SteadyTime operator-(SteadyTime time, absl::Duration duration) {
    return SteadyTime(time.since_epoch_ - duration);
  }
  friend absl::Duration operator-(SteadyTime a, SteadyTime b) {
    return a.since_epoch_ - b.since_epoch_;
  }
  friend bool operator==(SteadyTime a, SteadyTime b) { return a.since_epoch_ == b.since_epoch_; }
  friend bool operator<(SteadyTime a, SteadyTime b) { return a.since_epoch_ < b.since_epoch_; }
  friend bool operator>(SteadyTime a, SteadyTime b) { return b < a; }
  friend bool operator<=(SteadyTime a, SteadyTime b) { return !(b < a); }
  friend bool operator>=(SteadyTime a, SteadyTime b) { return !(a < b); }

 private:
  explicit constexpr SteadyTime(absl::Duration since_epoch) : since_epoch_(since_epoch) {}

  absl::Duration since_epoch_;
};

}  // namespace assay

#endif  // ASSAY_BASE_STEADY_TIME_H_
