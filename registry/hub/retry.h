// Trying again: when, how long to wait, when to give up.
#ifndef ASSAY_REGISTRY_HUB_RETRY_H_
#define ASSAY_REGISTRY_HUB_RETRY_H_

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "registry/hub/options.h"
#include "registry/hub/pull_control.h"

namespace assay::registry {

// Counts the tries of one request or one file. Not thread-safe.
class Retry {
 public:
  // Both outlive this.
  Retry(const HubOptions& options, const PullControl& control)
      : options_(options), control_(control) {}

  // After a try that ended with `error`: waits and gives OK if there should be another; else the
  // error to give up with. `progressed`: the try brought bytes; then the count begins again.
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
