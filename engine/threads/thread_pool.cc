// A pool of threads that run one function together.
#include "engine/threads/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <thread>
#include <utility>

#include "absl/functional/function_ref.h"
#include "engine/threads/time_slice_queue.h"

namespace assay::engine {
namespace {

// Some tens of microseconds: longer than most waits within a token, shorter than a pause between
// requests.
constexpr int kSpins = 2000;
constexpr int kHalf = 32;
// A flag in joined_: no more threads can join the run.
constexpr uint64_t kClosed = uint64_t{1} << (kHalf - 1);

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits until `value` differs from `old`.
template <typename T>
void AwaitChange(const std::atomic<T>& value, T old) {
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    Pause();
  }
  value.wait(old, std::memory_order_acquire);
}

uint32_t HighHalf(uint64_t value) { return static_cast<uint32_t>(value >> kHalf); }

}  // namespace

int TeamMember::size() const { return pool_.threads_; }

void TeamMember::For(int64_t count, int64_t grain, absl::FunctionRef<void(int64_t, int64_t)> work) {
  if (count <= 0) return;
  const uint32_t loop = loop_++;
  uint64_t state = pool_.loop_.load(std::memory_order_acquire);
  while (HighHalf(state) == loop) {
    const auto begin = static_cast<int64_t>(static_cast<uint32_t>(state));
    if (begin >= count) {
      // The next change is the end of the loop.
      AwaitChange(pool_.loop_, state);
      return;
    }
    const int64_t end = std::min(begin + grain, count);
    const uint64_t next = (uint64_t{loop} << kHalf) | static_cast<uint64_t>(end);
    if (!pool_.loop_.compare_exchange_weak(state, next, std::memory_order_acq_rel,
                                           std::memory_order_acquire)) {
      continue;
    }
    try {
      work(begin, end);
    } catch (...) {
      pool_.RecordFailure();
    }
    if (pool_.done_.fetch_add(end - begin, std::memory_order_acq_rel) + end - begin == count) {
      pool_.done_.store(0, std::memory_order_relaxed);
      // Sequentially consistent: notify_all() must not look for sleeping threads before the store.
      pool_.loop_.store(uint64_t{loop + 1} << kHalf, std::memory_order_seq_cst);
      pool_.loop_.notify_all();
      return;
    }
    state = pool_.loop_.load(std::memory_order_acquire);
  }
}

ThreadPool::ThreadPool(int threads) : threads_(std::max(threads, 1)) {
  for (int i = 1; i < threads_; ++i) workers_.emplace_back([this, i] { Serve(i); });
}

ThreadPool::~ThreadPool() {
  stopping_.store(true, std::memory_order_relaxed);
  run_.fetch_add(1, std::memory_order_release);
  run_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

TimeSliceQueue::Slice ThreadPool::Run(absl::FunctionRef<void(TeamMember&)> work) {
  const TimeSliceLock turn(&slices_);
  const uint32_t run = run_.load(std::memory_order_relaxed) + 1;
  work_ = &work;
  first_loop_ = HighHalf(loop_.load(std::memory_order_relaxed));
  left_.store(0, std::memory_order_relaxed);
  joined_.store(uint64_t{run} << kHalf, std::memory_order_release);
  run_.store(run, std::memory_order_release);
  run_.notify_all();
  TeamMember caller(*this, 0, first_loop_);
  work(caller);
  const auto joined = static_cast<uint32_t>(joined_.fetch_or(kClosed, std::memory_order_acq_rel));
  for (uint32_t left = left_.load(std::memory_order_acquire); left != joined;
       left = left_.load(std::memory_order_acquire)) {
    AwaitChange(left_, left);
  }
  if (failed_.exchange(false)) std::rethrow_exception(std::exchange(failure_, nullptr));
  return turn.slice();
}

void ThreadPool::RecordFailure() {
  // Run() reads the exception after all members have left.
  if (!failed_.exchange(true)) failure_ = std::current_exception();
}

bool ThreadPool::Join(uint32_t run) {
  uint64_t joined = joined_.load(std::memory_order_acquire);
  while (HighHalf(joined) == run && (joined & kClosed) == 0) {
    if (joined_.compare_exchange_weak(joined, joined + 1, std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
      return true;
    }
  }
  return false;
}

void ThreadPool::Serve(int index) {
  uint32_t seen = 0;
  while (true) {
    AwaitChange(run_, seen);
    seen = run_.load(std::memory_order_acquire);
    if (stopping_.load(std::memory_order_relaxed)) return;
    if (!Join(seen)) continue;
    TeamMember member(*this, index, first_loop_);
    (*work_)(member);
    left_.fetch_add(1, std::memory_order_release);
    left_.notify_all();
  }
}

}  // namespace assay::engine
