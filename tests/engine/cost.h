// What an operation costs, for tests of hostile inputs.
#ifndef ASSAY_TESTS_ENGINE_COST_H_
#define ASSAY_TESTS_ENGINE_COST_H_

#include <ctime>

#include "absl/time/time.h"

namespace assay::engine {

// Sanitizers make code several times slower.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kSlowness = 10;
#else
inline constexpr int kSlowness = 1;
#endif

// Returns the processor time that `work` takes on this thread, which other processes do not change.
template <typename Work>
absl::Duration CpuOf(const Work& work) {
  const auto now = [] {
    timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return absl::DurationFromTimespec(time);
  };
  const absl::Duration start = now();
  work();
  return now() - start;
}

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_COST_H_
