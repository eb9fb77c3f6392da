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

}  // namespace assay

#endif  // ASSAY_BASE_STEADY_TIME_H_
