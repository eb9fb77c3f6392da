// Threads that compute one thing together.
#ifndef ASSAY_ENGINE_THREADS_THREAD_POOL_H_
#define ASSAY_ENGINE_THREADS_THREAD_POOL_H_

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "engine/threads/time_slice_queue.h"

namespace assay::engine {

class ThreadPool;

// One thread's part in a ThreadPool::Run(). Every member makes the same calls in the same order.
class TeamMember {
 public:
  // 0: the thread that called Run().
  int index() const { return index_; }
  int size() const;

  // Calls work(begin, end) for pieces of [0, count), count < 2^30, of at most `grain`, whichever
  // member is free takes the next; returns, in every member, when all are done. A member that is
  // late because its core does something else finds the loop done and goes on: the others wait
  // only for pieces that it has begun.
  void For(int64_t count, int64_t grain, absl::FunctionRef<void(int64_t, int64_t)> work);

 private:
  friend class ThreadPool;
  TeamMember(ThreadPool& pool, int index, uint32_t loop)
      : pool_(pool), index_(index), loop_(loop) {}

  ThreadPool& pool_;
  int index_;
  // Number of the next loop.
  uint32_t loop_;
};

// A fixed number of threads that run one function at a time together, with its caller as the first.
// Several callers take turns in order of arrival. Construction starts the threads; between loops
// they spin for some microseconds, then sleep. Thread-safe.
class ThreadPool {
 public:
  // threads: at least 1, the caller's included.
  explicit ThreadPool(int threads);
  ~ThreadPool();

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  // Runs `work` in the caller and in every thread that is free before the caller ends, and returns
  // when all have ended. What is to be done must be in For() loops. `work` must not throw, nor call
  // Run().
  TimeSliceQueue::Turn Run(absl::FunctionRef<void(TeamMember&)> work);

  // As TurnQueue's, after Run() gave `last`.
  absl::Duration OthersTurn(const TimeSliceQueue::Turn& last) const {
    return turns_.OthersTurn(last);
  }

 private:
  friend class TeamMember;

  void Serve(int index);
  // False: the run has ended.
  bool Join(uint32_t run);

  // Members write these while others read: each on a cache line of its own.
  // Number of the loop at hand, high half, and its next piece. No value comes again within 2^32
  // loops, so that whoever waits for a loop's end can miss none.
  alignas(64) std::atomic<uint64_t> loop_ = 0;
  // What is done of it.
  alignas(64) std::atomic<int64_t> done_ = 0;
  // Number of the run at hand; its threads that take part, in the low half below its number.
  alignas(64) std::atomic<uint32_t> run_ = 0;
  std::atomic<uint64_t> joined_ = 0;
  std::atomic<uint32_t> left_ = 0;

  const int threads_;
  // Of the run at hand.
  const absl::FunctionRef<void(TeamMember&)>* work_ = nullptr;
  uint32_t first_loop_ = 0;
  std::atomic<bool> stopping_ = false;
  TimeSliceQueue turns_;
  std::vector<std::thread> workers_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_THREADS_THREAD_POOL_H_
