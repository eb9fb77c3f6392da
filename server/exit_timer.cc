// Ends a process whose orderly stop takes too long.
#include "server/exit_timer.h"

#include <algorithm>
#include <utility>

#include "base/mutex_lock.h"
#include "base/steady_time.h"

namespace assay::server {
ExitTimer::ExitTimer(absl::Duration limit, std::function<void()> expire)
    : expire_(std::move(expire)), end_(SteadyNow() + limit), thread_([this] { Wait(); }) {}

ExitTimer::~ExitTimer() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    changed_.Signal();
  }
  thread_.join();
}

void ExitTimer::Shorten(absl::Duration limit) {
  const MutexLock lock(mutex_);
  end_ = std::min(end_, SteadyNow() + limit);
  changed_.Signal();
}

void ExitTimer::Wait() {
  {
    const MutexLock lock(mutex_);
    while (!stopped_ && SteadyNow() < end_) {
      changed_.WaitWithTimeout(&mutex_, end_ - SteadyNow());
    }
    if (stopped_) return;
  }
  expire_();
}

}  // namespace assay::server
