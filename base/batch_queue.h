// A queue whose items are handled in batches by a thread.
#ifndef ASSAY_BASE_BATCH_QUEUE_H_
#define ASSAY_BASE_BATCH_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/mutex_lock.h"

namespace assay {

struct BatchQueueOptions {
  // The items that wait for the handler at most. Further ones are dropped and counted.
  size_t max_waiting = 1000;
  // The time that an item may wait for others, so that they are handled together.
  absl::Duration batch_interval = absl::Seconds(1);
  // The handler is called with an empty batch at the start and if nothing was queued for so long.
  // Infinite: never.
  absl::Duration idle_interval = absl::InfiniteDuration();
};

// Keeps slow work, such as writes to a disk, away from the threads that cause it. Thread-safe.
template <typename T>
class BatchQueue {
 public:
  struct Counts {
    // Items that the handler has dealt with.
    int64_t handled = 0;
    // Items that were lost: the queue was full or the handler failed.
    int64_t dropped = 0;
  };
  // Handles a batch, in the order of Push(). Returns false if it failed; the batch is lost.
  using Handler = std::function<bool(std::vector<T> batch)>;

  // Starts the thread, which calls `handle`.
  BatchQueue(const BatchQueueOptions& options, Handler handle)
      : options_(options), handle_(std::move(handle)), thread_([this] { Run(); }) {}
  // Handles what waits and ends the thread.
  ~BatchQueue() {
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
      hurry_ = true;
    }
    thread_.join();
  }
  BatchQueue(const BatchQueue&) = delete;
  BatchQueue& operator=(const BatchQueue&) = delete;

  // Queues an item. Takes about a microsecond and never waits for the handler.
  void Push(T item) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    if (waiting_.size() >= options_.max_waiting) {
      ++counts_.dropped;
      return;
    }
    waiting_.push_back(std::move(item));
    ++pushed_;
  }

  // Blocks until all items that were queued before are handled or lost, at most `timeout`.
  void Flush(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    AwaitAll(timeout);
  }

  // Does the same if an item for which `matches` returns true may still wait. Otherwise returns at
  // once. `matches` is called under the lock of the queue.
  template <typename Matches>
  void FlushIf(const Matches& matches, absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    // The items of a batch that is being handled are not known here.
    const bool is_handling = done_ + static_cast<int64_t>(waiting_.size()) < pushed_;
    if (is_handling || std::any_of(waiting_.begin(), waiting_.end(), matches)) AwaitAll(timeout);
  }

  // Returns the counts since the start.
  Counts counts() const ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    return counts_;
  }

 private:
  void AwaitAll(absl::Duration timeout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const int64_t target = pushed_;
    if (done_ >= target) return;
    hurry_ = true;
    const auto is_done = [this, target]()
                             ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return done_ >= target; };
    mutex_.AwaitWithTimeout(absl::Condition(&is_done), timeout);
  }

  // Returns the next items; none if nothing was queued for idle_interval, or at the end.
  std::vector<T> NextBatch(bool* stopping) ABSL_LOCKS_EXCLUDED(mutex_) {
    const auto has_work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return !waiting_.empty() || stopping_;
    };
    std::vector<T> batch;
    const MutexLock lock(mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&has_work), options_.idle_interval)) {
      mutex_.AwaitWithTimeout(absl::Condition(&hurry_), options_.batch_interval);
    }
    batch.swap(waiting_);
    hurry_ = stopping_;
    *stopping = stopping_;
    return batch;
  }

  void Handle(std::vector<T> batch) ABSL_LOCKS_EXCLUDED(mutex_) {
    const auto size = static_cast<int64_t>(batch.size());
    const bool handled = handle_(std::move(batch));
    const MutexLock lock(mutex_);
    done_ += size;
    (handled ? counts_.handled : counts_.dropped) += size;
  }

  void Run() ABSL_LOCKS_EXCLUDED(mutex_) {
    const bool works_idle = options_.idle_interval < absl::InfiniteDuration();
    if (works_idle) Handle({});
    for (bool stopping = false; !stopping;) {
      std::vector<T> batch = NextBatch(&stopping);
      if (!batch.empty() || (works_idle && !stopping)) Handle(std::move(batch));
    }
  }

  const BatchQueueOptions options_;
  const Handler handle_;
  mutable absl::Mutex mutex_;
  std::vector<T> waiting_ ABSL_GUARDED_BY(mutex_);
  // The numbers of items that were queued, and of those that were handled or lost after that.
  int64_t pushed_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  Counts counts_ ABSL_GUARDED_BY(mutex_);
  // True while a caller of Flush() waits, or at the end.
  bool hurry_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Must be the last member, because the thread uses the others.
  std::thread thread_;
};

}  // namespace assay

#endif  // ASSAY_BASE_BATCH_QUEUE_H_
