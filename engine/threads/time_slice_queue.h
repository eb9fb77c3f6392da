// Time slices for callers that share a resource.
#ifndef ASSAY_ENGINE_THREADS_TIME_SLICE_QUEUE_H_
#define ASSAY_ENGINE_THREADS_TIME_SLICE_QUEUE_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace assay::engine {

// Gives time slices of a shared resource to callers in order of arrival. Among callers that always
// wait for one, each gets a slice before another gets its second. Thread-safe.
class TimeSliceQueue {
 public:
  struct Slice {
    // Counts the slices of all callers, from 0.
    int64_t number = 0;
    // The time that the caller waited for the slices before its own, and the number of them.
    absl::Duration waited;
    int64_t before = 0;
  };

  // Waits for all slices before this one. The caller must call Release().
  Slice Acquire();
  void Release();

  // The number of slices that were acquired or are waited for.
  int64_t requested() const;

  // Returns the approximate duration of a time slice of other callers: the average of those that
  // `last` waited for, or some milliseconds if it waited for none. Zero if no other caller has
  // arrived since `last` was requested.
  absl::Duration ContentionInterval(const Slice& last) const;

 private:
  mutable absl::Mutex mutex_;
  int64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t serving_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Holds a time slice as long as it lives. Without a queue it does nothing.
class TimeSliceLock {
 public:
  explicit TimeSliceLock(TimeSliceQueue* queue) : queue_(queue) {
    if (queue_ != nullptr) slice_ = queue_->Acquire();
  }
  ~TimeSliceLock() {
    if (queue_ != nullptr) queue_->Release();
  }

  TimeSliceLock(const TimeSliceLock&) = delete;
  TimeSliceLock& operator=(const TimeSliceLock&) = delete;

  const TimeSliceQueue::Slice& slice() const { return slice_; }

 private:
  TimeSliceQueue* const queue_;
  TimeSliceQueue::Slice slice_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_THREADS_TIME_SLICE_QUEUE_H_
