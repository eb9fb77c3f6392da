// Configuration of the circuit breakers (`breaker` in assayd.yaml).
#ifndef ASSAY_SERVER_CONFIG_BREAKER_CONFIG_H_
#define ASSAY_SERVER_CONFIG_BREAKER_CONFIG_H_

#include "absl/time/time.h"

namespace assay::server {

struct BreakerConfig {
  // The number of consecutive failures that open the breaker; 0 means that it never opens.
  int failures = 5;
  // The time from opening to the first trial request. It doubles with each failed trial.
  absl::Duration cool_down = absl::Seconds(10);
  // The upper limit of the doubled cool-down; at least cool_down.
  absl::Duration longest_cool_down = absl::Minutes(5);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_BREAKER_CONFIG_H_
