// Threads that compute one thing together.
#ifndef ASSAY_ENGINE_KERNELS_THREAD_POOL_H_
#define ASSAY_ENGINE_KERNELS_THREAD_POOL_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"

namespace assay::engine {

class ThreadPool;

// One thread's part in a ThreadPool::Run(). Every member makes the same calls in the same order.
class TeamMember {
 public:
  int index() const { return index_; }
  int size() const;

  // Returns when all members have called it. Waits spinning for some microseconds, then sleeps.
  void Barrier();

  // Calls work(begin, end) for pieces of [0, count), count < 2^30, of at most `grain`, whichever
  // member is free takes the next; returns, in every member, when all are done.
  void For(int64_t count, int64_t grain, absl::FunctionRef<void(int64_t, int64_t)> work);

 private:
  friend class ThreadPool;
  TeamMember(ThreadPool& pool, int index) : pool_(pool), index_(index) {}

  ThreadPool& pool_;
  int index_;
  // How many For() it has ended.
  size_t loops_ = 0;
};

// A fixed number of threads that run one function at a time together, with its caller as the first.
// Several callers take turns in order of arrival. Construction starts the threads; between two
// Run() they spin for some microseconds, then sleep. Thread-safe.
class ThreadPool {
 public:
  // threads: at least 1, the caller's included.
  explicit ThreadPool(int threads);
  ~ThreadPool();

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  // Runs `work` in every thread and returns when all have ended. `work` must not throw, nor call
  // Run().
  void Run(absl::FunctionRef<void(TeamMember&)> work);

 private:
  friend class TeamMember;

  // On cache lines of their own: members write them while others read.
  struct alignas(64) Counter {
    std::atomic<int32_t> value = 0;
  };

  void Serve(int index);
  void Barrier();

  const int threads_;
  Counter arrived_;
  Counter phase_;
  // For() number n takes its pieces from next_[n % 2] and resets the other one.
  std::array<Counter, 2> next_;
  Counter run_;
  Counter finished_;
  const absl::FunctionRef<void(TeamMember&)>* work_ = nullptr;
  std::atomic<bool> stopping_ = false;
  // Tickets of callers.
  absl::Mutex turn_mutex_;
  int64_t next_ticket_ ABSL_GUARDED_BY(turn_mutex_) = 0;
  int64_t serving_ ABSL_GUARDED_BY(turn_mutex_) = 0;
  std::vector<std::thread> workers_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_KERNELS_THREAD_POOL_H_
