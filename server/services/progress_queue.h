// A queue from the threads that make progress to the thread that writes it to a stream.
#ifndef ASSAY_SERVER_SERVICES_PROGRESS_QUEUE_H_
#define ASSAY_SERVER_SERVICES_PROGRESS_QUEUE_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"

namespace assay::server {

// Put() never blocks, because a client that stops reading must not delay a download that others
// wait for. A full queue drops its oldest event. Thread-safe.
template <typename Event>
class ProgressQueue {
 public:
  static constexpr size_t kMaxEvents = 64;

  // Does nothing after Close().
  void Put(Event event) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    if (closed_) return;
    if (events_.size() == kMaxEvents) events_.pop_front();
    events_.push_back(std::move(event));
  }

  void Close() ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    closed_ = true;
  }

  // Blocks until there is an event. Returns nullopt once the queue is closed and empty.
  std::optional<Event> Take() ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    mutex_.Await(absl::Condition(this, &ProgressQueue::IsReadable));
    if (events_.empty()) return std::nullopt;
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

 private:
  bool IsReadable() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return closed_ || !events_.empty(); }

  absl::Mutex mutex_;
  std::deque<Event> events_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_PROGRESS_QUEUE_H_
