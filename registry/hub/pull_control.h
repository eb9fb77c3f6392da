// When a pull has to end: cancelled, out of time, or another of its files failed.
#ifndef ASSAY_REGISTRY_HUB_PULL_CONTROL_H_
#define ASSAY_REGISTRY_HUB_PULL_CONTROL_H_

#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/call_context.h"

namespace assay::registry {

// Thread-safe; one for all files of a pull.
class PullControl {
 public:
  // `context` may be empty; it is asked from several threads. `tick` is called at each check.
  PullControl(absl::Duration timeout, CallContext context, std::function<void()> tick);

  // OK as long as the pull goes on; else CANCELLED, DEADLINE_EXCEEDED, or the error of Fail().
  absl::Status Check() const;

  // The first error stays.
  void Fail(const absl::Status& error);
  absl::Status failure() const;

  // Check()'s error if one comes up meanwhile (within a tenth of a second), else OK.
  absl::Status Sleep(absl::Duration time) const;

  absl::Duration TimeLeft() const;

 private:
  const absl::Duration timeout_;
  const absl::Time deadline_;
  const CallContext context_;
  const std::function<void()> tick_;
  mutable absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_PULL_CONTROL_H_
