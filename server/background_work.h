// Repeated work that must not delay the thread that requests it.
#ifndef ASSAY_SERVER_BACKGROUND_WORK_H_
#define ASSAY_SERVER_BACKGROUND_WORK_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace assay::server {

// Runs `work` on its own thread, one run at a time. Thread-safe.
class BackgroundWork {
 public:
  explicit BackgroundWork(std::function<void()> work);
  // Waits for the run in progress. A pending run is dropped.
  ~BackgroundWork();

  // Requests a run and returns at once. All requests during a run are combined into one further
  // run.
  void Request() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::function<void()> work_;
  absl::Mutex mutex_;
  bool pending_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_BACKGROUND_WORK_H_
