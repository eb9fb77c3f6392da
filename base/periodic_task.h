// Work that is done again and again until its owner ends.
#ifndef ASSAY_BASE_PERIODIC_TASK_H_
#define ASSAY_BASE_PERIODIC_TASK_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace assay {

// Runs `work` at an interval on a thread of its own, which starts with this object. The interval
// begins when the work before has ended. The destructor lets running work end, and joins the
// thread. Declare it after the members that the work uses, so that it is destroyed before them.
class PeriodicTask {
 public:
  enum class First { kAtOnce, kAfterInterval };

  PeriodicTask(absl::Duration interval, First first, std::function<void()> work);
  ~PeriodicTask();
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

 private:
  void Run(First first) ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns false if the work must not run again.
  bool Wait() ABSL_LOCKS_EXCLUDED(mutex_);

  const absl::Duration interval_;
  const std::function<void()> work_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace assay

#endif  // ASSAY_BASE_PERIODIC_TASK_H_
