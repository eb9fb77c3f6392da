// When a circuit breaker opens, and for how long.
#ifndef ASSAY_SERVER_CONFIG_BREAKER_CONFIG_H_
#define ASSAY_SERVER_CONFIG_BREAKER_CONFIG_H_

#include "absl/time/time.h"

namespace assay::server {

struct BreakerConfig {
  // So many in a row open it; 0 = it never opens.
  int failures = 5;
  // From opening to the first trial. Doubles with each trial that fails.
  absl::Duration cool_down = absl::Seconds(10);
  // At least cool_down.
  absl::Duration longest_cool_down = absl::Minutes(5);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_BREAKER_CONFIG_H_
