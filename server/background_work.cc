// Repeated work that must not delay the thread that requests it.
#include "server/background_work.h"

#include <functional>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"

namespace assay::server {

BackgroundWork::BackgroundWork(std::function<void()> work)
    : work_(std::move(work)), thread_([this] { Run(); }) {}

BackgroundWork::~BackgroundWork() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void BackgroundWork::Request() {
  const MutexLock lock(mutex_);
  pending_ = true;
}

void BackgroundWork::Run() {
  const auto wake = [this]() { return pending_ || stopping_; };
  while (true) {
    {
      const MutexLock lock(mutex_);
      mutex_.Await(absl::Condition(&wake));
      if (stopping_) return;
      pending_ = false;
    }
    work_();
  }
}

}  // namespace assay::server
