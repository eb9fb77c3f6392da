// Work that must not hold up who asks for it.
#include "server/background_work.h"

#include <functional>
#include <utility>

#include "absl/synchronization/mutex.h"

namespace assay::server {

BackgroundWork::BackgroundWork(std::function<void()> work)
    : work_(std::move(work)), thread_([this] { Run(); }) {}

BackgroundWork::~BackgroundWork() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void BackgroundWork::Ask() {
  const absl::MutexLock lock(&mutex_);
  asked_ = true;
}

void BackgroundWork::Run() {
  const auto wake = [this]() { return asked_ || stopping_; };
  while (true) {
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&wake));
      if (stopping_) return;
      asked_ = false;
    }
    work_();
  }
}

}  // namespace assay::server
