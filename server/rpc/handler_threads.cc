// The threads that run the handlers of calls.
#include "server/rpc/handler_threads.h"

#include <iterator>
#include <system_error>
#include <utility>

#include "base/mutex_lock.h"

namespace assay::server {
namespace {

void Join(std::list<std::thread> threads) {
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

HandlerThreads::~HandlerThreads() {
  std::list<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    for (Workers* workers : {&workers_, &ended_}) {
      for (Worker& worker : *workers) {
        worker.wake.Signal();
        threads.push_back(std::move(worker.thread));
      }
    }
  }
  Join(std::move(threads));
}

bool HandlerThreads::Run(std::function<void()> task, int keep_free) {
  std::list<std::thread> ended;
  bool started = true;
  {
    const MutexLock lock(mutex_);
    const auto busy = static_cast<int>(workers_.size() - idle_.size());
    if (stopping_ || busy + keep_free >= max_threads_) return false;
    for (Worker& worker : ended_) ended.push_back(std::move(worker.thread));
    ended_.clear();
    if (!idle_.empty()) {
      const Workers::iterator worker = idle_.back();
      idle_.pop_back();
      worker->task = std::move(task);
      worker->wake.Signal();
    } else {
      workers_.emplace_back().task = std::move(task);
      const Workers::iterator worker = std::prev(workers_.end());
      try {
        worker->thread = std::thread([this, worker] { Work(worker); });
      } catch (const std::system_error&) {
        workers_.pop_back();
        started = false;
      }
    }
  }
  // They no longer run, so this does not block.
  Join(std::move(ended));
  return started;
}

void HandlerThreads::Work(Workers::iterator worker) {
  while (std::function<void()> task = Next(worker)) {
    task();
    // What the task holds is freed before the thread becomes idle.
    task = nullptr;
    const MutexLock lock(mutex_);
    idle_.push_back(worker);
  }
}

std::function<void()> HandlerThreads::Next(Workers::iterator worker) {
  const MutexLock lock(mutex_);
  while (worker->task == nullptr && !stopping_) {
    const bool timed_out = worker->wake.WaitWithTimeout(&mutex_, idle_time_);
    if (!timed_out || worker->task != nullptr || stopping_) continue;
    idle_.remove(worker);
    ended_.splice(ended_.end(), workers_, worker);
    return nullptr;
  }
  return std::exchange(worker->task, nullptr);
}

}  // namespace assay::server
