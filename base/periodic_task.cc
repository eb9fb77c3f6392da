// Work that is done again and again until its owner ends.
#include "base/periodic_task.h"

#include <utility>

#include "base/mutex_lock.h"

namespace assay {

PeriodicTask::PeriodicTask(absl::Duration interval, First first, std::function<void()> work)
    : interval_(interval), work_(std::move(work)), thread_([this, first] { Run(first); }) {}

PeriodicTask::~PeriodicTask() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void PeriodicTask::Run(First first) {
  if (first == First::kAtOnce) work_();
  while (Wait()) work_();
}

bool PeriodicTask::Wait() {
  const MutexLock lock(mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&stopping_), interval_);
}

}  // namespace assay
