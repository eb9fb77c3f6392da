// Work that is asked for again and again and must not hold up who asks.
#ifndef ASSAY_SERVER_BACKGROUND_WORK_H_
#define ASSAY_SERVER_BACKGROUND_WORK_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace assay::server {

// Runs `work` on a thread of its own, one time after another. Thread-safe.
class BackgroundWork {
 public:
  explicit BackgroundWork(std::function<void()> work);
  // Waits for the run in progress; what was asked for since is left.
  ~BackgroundWork();

  // Returns at once. Once more, however often it is asked for while one runs.
  void Ask() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::function<void()> work_;
  absl::Mutex mutex_;
  bool asked_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_BACKGROUND_WORK_H_
