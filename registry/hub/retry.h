// Retries with exponential backoff.
#ifndef ASSAY_REGISTRY_HUB_RETRY_H_
#define ASSAY_REGISTRY_HUB_RETRY_H_

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "registry/hub/options.h"
#include "registry/hub/pull_control.h"

namespace assay::registry {

// Counts the attempts of one request or one file. Not thread-safe.
class Retry {
 public:
  // Both arguments must outlive this object.
  Retry(const HubOptions& options, const PullControl& control)
      : options_(options), control_(control) {}

  // Must be called after an attempt that failed with `error`. Waits and returns OK if the caller
  // should try again; otherwise returns the final error. If the attempt received bytes
  // (`progressed`), the count starts again.
  absl::Status Wait(const absl::Status& error, bool progressed);

 private:
  absl::Duration NextBackoff();

  const HubOptions& options_;
  const PullControl& control_;
  int tries_ = 0;
  absl::BitGen random_;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_RETRY_H_
