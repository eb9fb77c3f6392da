// Ends a pull that is cancelled, out of time, or has failed.
#ifndef ASSAY_REGISTRY_HUB_PULL_CONTROL_H_
#define ASSAY_REGISTRY_HUB_PULL_CONTROL_H_

#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/steady_time.h"

namespace assay::registry {

// Decides when a pull must end. All files of a pull share one instance. Thread-safe.
class PullControl {
 public:
  // `context` is polled from several threads. `tick` is called by each check; it may be null.
  PullControl(absl::Duration timeout, CallContext context, std::function<void()> tick);

  // Returns OK while the pull may continue; otherwise CANCELLED, DEADLINE_EXCEEDED or the error of
  // Fail().
  absl::Status Check() const;

  // Ends the pull with an error. The first error is kept.
  void Fail(const absl::Status& error);
  absl::Status failure() const;

  // Sleeps for `time`. Returns early, within a tenth of a second, with the error of Check() if
  // there is one.
  absl::Status Sleep(absl::Duration time) const;

  absl::Duration TimeLeft() const;

 private:
  const absl::Duration timeout_;
  const SteadyTime deadline_;
  const CallContext context_;
  const std::function<void()> tick_;
  mutable absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_PULL_CONTROL_H_
