// A pool of threads that run one function together.
#ifndef ASSAY_ENGINE_THREADS_THREAD_POOL_H_
#define ASSAY_ENGINE_THREADS_THREAD_POOL_H_

#include <atomic>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "engine/threads/time_slice_queue.h"

namespace assay::engine {

class ThreadPool;

// One thread's part in a ThreadPool::Run(). Every member must make the same calls in the same
// order.
class TeamMember {
 public:
  // 0 is the thread that called Run().
  int index() const { return index_; }
  int size() const;

  // Calls work(begin, end) for pieces of [0, count), count < 2^30, of at most `grain`. A member
  // that is free takes the next piece. Returns, in every member, when all pieces are done. A member
  // that is late because its core is busy finds the loop done and continues: the others wait only
  // for pieces that it has begun.
  void For(int64_t count, int64_t grain, absl::FunctionRef<void(int64_t, int64_t)> work);

 private:
  friend class ThreadPool;
  TeamMember(ThreadPool& pool, int index, uint32_t loop)
      : pool_(pool), index_(index), loop_(loop) {}

  ThreadPool& pool_;
  int index_;
  // The number of the next loop.
  uint32_t loop_;
};

// A fixed number of threads that run one function at a time together; the caller is one of them.
// Concurrent callers get time slices in order of arrival. Construction starts the threads. Between
// loops they spin for some microseconds, then sleep. Thread-safe.
class ThreadPool {
 public:
  // `threads` is at least 1 and includes the caller's thread.
  explicit ThreadPool(int threads);
  ~ThreadPool();

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  // Runs `work` in the caller and in every thread that is free before the caller has finished, and
  // returns when all have. All computation must be in For() loops. `work` must not call Run(). If a
  // piece of a loop throws, the others still run, on results that may be wrong; then the first
  // exception is thrown here. `work` must not throw elsewhere. Returns the time slice that it ran
  // in.
  TimeSliceQueue::Slice Run(absl::FunctionRef<void(TeamMember&)> work);

  // Returns TimeSliceQueue::ContentionInterval() for `last`, the result of the last Run().
  absl::Duration ContentionInterval(const TimeSliceQueue::Slice& last) const {
    return slices_.ContentionInterval(last);
  }

 private:
  friend class TeamMember;

  void Serve(int index);
  // Keeps the exception that is being handled, if it is the first of the run.
  void RecordFailure();
  // Returns false if the run has ended.
  bool Join(uint32_t run);

  // Members write these while others read: each is on a cache line of its own.

  // The number of the current loop in the high half, its next piece in the low half. A value occurs
  // again only after 2^32 loops, so that no thread that waits for the end of a loop can miss it.
  alignas(64) std::atomic<uint64_t> loop_ = 0;
  // The number of elements of the loop that are done.
  alignas(64) std::atomic<int64_t> done_ = 0;
  // The number of the current run.
  alignas(64) std::atomic<uint32_t> run_ = 0;
  // The number of the run in the high half, the number of threads that joined it in the low half.
  std::atomic<uint64_t> joined_ = 0;
  // The number of threads that have finished the run.
  std::atomic<uint32_t> left_ = 0;

  const int threads_;
  // The function and the first loop of the current run.
  const absl::FunctionRef<void(TeamMember&)>* work_ = nullptr;
  uint32_t first_loop_ = 0;
  std::atomic<bool> stopping_ = false;
  // The exception of the first piece that failed in the current run.
  std::atomic<bool> failed_ = false;
  std::exception_ptr failure_;
  TimeSliceQueue slices_;
  std::vector<std::thread> workers_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_THREADS_THREAD_POOL_H_
