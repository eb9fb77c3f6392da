// Callers that take turns.
#ifndef ASSAY_ENGINE_THREADS_TIME_SLICE_QUEUE_H_
#define ASSAY_ENGINE_THREADS_TIME_SLICE_QUEUE_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace assay::engine {

// In order of arrival: of callers that always want a turn, each has one before another has its
// second. Thread-safe.
class TimeSliceQueue {
 public:
  struct Turn {
    // Counts the turns of all callers.
    int64_t number = 0;
    // For the turns before it, so many of them.
    absl::Duration waited;
    int64_t before = 0;
  };

  // Waits for the turns before it. The caller calls End().
  Turn Begin();
  void End();

  // Turns that were had or are waited for.
  int64_t turns() const;

  // How long a turn of others is, by those that `last` waited for, else some milliseconds; zero
  // where nobody has come since `last` began.
  absl::Duration OthersTurn(const Turn& last) const;

 private:
  mutable absl::Mutex mutex_;
  int64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t serving_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_THREADS_TIME_SLICE_QUEUE_H_
