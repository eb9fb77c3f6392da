// Threads that compute one thing together.
#include "engine/kernels/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>

#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"

namespace assay::engine {
namespace {

// Some tens of microseconds: longer than any wait within a token, shorter than a pause between
// requests.
constexpr int kSpins = 4000;

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits until `counter` is no more `old`.
void AwaitChange(const std::atomic<int32_t>& counter, int32_t old) {
  for (int i = 0; i < kSpins; ++i) {
    if (counter.load(std::memory_order_acquire) != old) return;
    Pause();
  }
  counter.wait(old, std::memory_order_acquire);
}

}  // namespace

int TeamMember::size() const { return pool_.threads_; }

void TeamMember::Barrier() { pool_.Barrier(); }

void TeamMember::For(int64_t count, int64_t grain, absl::FunctionRef<void(int64_t, int64_t)> work) {
  std::atomic<int32_t>& next = pool_.next_[loops_ % 2].value;
  std::atomic<int32_t>& other = pool_.next_[(loops_ + 1) % 2].value;
  ++loops_;
  while (true) {
    const int64_t begin = next.fetch_add(static_cast<int32_t>(grain), std::memory_order_relaxed);
    if (begin >= count) break;
    work(begin, std::min(begin + grain, count));
  }
  // Nobody takes pieces of the next loop before all have come here.
  other.store(0, std::memory_order_relaxed);
  pool_.Barrier();
}

ThreadPool::ThreadPool(int threads) : threads_(std::max(threads, 1)) {
  for (int i = 1; i < threads_; ++i) workers_.emplace_back([this, i] { Serve(i); });
}

ThreadPool::~ThreadPool() {
  stopping_.store(true, std::memory_order_relaxed);
  run_.value.fetch_add(1, std::memory_order_release);
  run_.value.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::Run(absl::FunctionRef<void(TeamMember&)> work) {
  {
    const absl::MutexLock lock(&turn_mutex_);
    const int64_t ticket = next_ticket_++;
    const auto my_turn = [&]()
                             ABSL_SHARED_LOCKS_REQUIRED(turn_mutex_) { return serving_ == ticket; };
    turn_mutex_.Await(absl::Condition(&my_turn));
  }
  work_ = &work;
  finished_.value.store(0, std::memory_order_relaxed);
  next_[0].value.store(0, std::memory_order_relaxed);
  next_[1].value.store(0, std::memory_order_relaxed);
  run_.value.fetch_add(1, std::memory_order_release);
  run_.value.notify_all();
  TeamMember caller(*this, 0);
  work(caller);
  for (int32_t done = finished_.value.load(std::memory_order_acquire); done + 1 < threads_;
       done = finished_.value.load(std::memory_order_acquire)) {
    AwaitChange(finished_.value, done);
  }
  const absl::MutexLock lock(&turn_mutex_);
  ++serving_;
}

void ThreadPool::Serve(int index) {
  int32_t seen = 0;
  while (true) {
    AwaitChange(run_.value, seen);
    ++seen;
    if (stopping_.load(std::memory_order_relaxed)) return;
    TeamMember member(*this, index);
    (*work_)(member);
    finished_.value.fetch_add(1, std::memory_order_release);
    finished_.value.notify_all();
  }
}

void ThreadPool::Barrier() {
  if (threads_ == 1) return;
  const int32_t phase = phase_.value.load(std::memory_order_relaxed);
  if (arrived_.value.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
    arrived_.value.store(0, std::memory_order_relaxed);
    phase_.value.store(phase + 1, std::memory_order_release);
    phase_.value.notify_all();
    return;
  }
  AwaitChange(phase_.value, phase);
}

}  // namespace assay::engine
