// How long tests wait for what must happen. The limits only end tests that hang, so they are
// generous.
#ifndef ASSAY_TESTS_PATIENCE_H_
#define ASSAY_TESTS_PATIENCE_H_

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"

namespace assay {

// Returns the factor by which this machine is slower than a quiet one that runs a release build:
// the environment variable ASSAY_TEST_TIMEOUT_FACTOR (of sanitizers; 1 if it is not set) times the
// load per processor. It is at least 1.
inline double PatienceFactor() {
  double factor = 1.0;
  const char* const set = std::getenv("ASSAY_TEST_TIMEOUT_FACTOR");
  if (set != nullptr && !absl::SimpleAtod(std::string(set), &factor)) factor = 1.0;
  double load = 0.0;
  if (getloadavg(&load, 1) == 1) {
    factor *= std::max(1.0, load / std::max(1U, std::thread::hardware_concurrency()));
  }
  return std::max(1.0, factor);
}

// Returns the time to wait for what takes less than `quiet` on a quiet machine.
inline absl::Duration Patience(absl::Duration quiet = absl::Seconds(60)) {
  return quiet * PatienceFactor();
}

}  // namespace assay

#endif  // ASSAY_TESTS_PATIENCE_H_
