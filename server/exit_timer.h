// Ends a process whose orderly stop takes too long.
#ifndef ASSAY_SERVER_EXIT_TIMER_H_
#define ASSAY_SERVER_EXIT_TIMER_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace assay::server {

// Calls a function on a thread of its own unless the timer is destroyed in time. Times are measured
// by the monotonic clock. Thread-safe.
class ExitTimer {
 public:
  // `expire` normally ends the process.
  ExitTimer(absl::Duration limit, std::function<void()> expire);
  ~ExitTimer();

  // Lets the timer expire after `limit` from now, if that is earlier.
  void Shorten(absl::Duration limit) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Wait() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::function<void()> expire_;
  absl::Mutex mutex_;
  absl::CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  // By the monotonic clock, since its epoch.
  absl::Duration end_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_EXIT_TIMER_H_
