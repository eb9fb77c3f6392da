// The threads that run the handlers of calls.
#ifndef ASSAY_SERVER_RPC_HANDLER_THREADS_H_
#define ASSAY_SERVER_RPC_HANDLER_THREADS_H_

#include <cstddef>
#include <functional>
#include <list>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace assay::server {

// Runs tasks on a bounded number of threads. Threads are started when they are needed and end when
// they were idle for a while. A task never waits for another one: it starts at once or is refused.
// Thread-safe.
class HandlerThreads {
 public:
  // At most `max_threads` tasks run at the same time. A thread without a task ends after
  // `idle_time`.
  explicit HandlerThreads(int max_threads, absl::Duration idle_time = absl::Seconds(30))
      : max_threads_(max_threads), idle_time_(idle_time) {}

  // Blocks until all tasks have ended.
  ~HandlerThreads();

  // Runs the task on a thread of its own. Returns false, without running it, if fewer than
  // `keep_free` threads would stay free for other tasks, or if the machine gives no further thread.
  bool Run(std::function<void()> task, int keep_free = 0) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // One thread and the task that it runs next.
  struct Worker {
    std::thread thread;
    std::function<void()> task;
    absl::CondVar wake;
  };

  using Workers = std::list<Worker>;

  void Work(Workers::iterator worker) ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for the next task of the worker. Returns null if the worker must end.
  std::function<void()> Next(Workers::iterator worker) ABSL_LOCKS_EXCLUDED(mutex_);

  const int max_threads_;
  const absl::Duration idle_time_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Workers workers_ ABSL_GUARDED_BY(mutex_);
  // The workers without a task. The one that became idle last is used first, so that the others may
  // end.
  std::list<Workers::iterator> idle_ ABSL_GUARDED_BY(mutex_);
  // The workers that have ended and must be joined.
  Workers ended_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_HANDLER_THREADS_H_
