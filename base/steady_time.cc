// The monotonic clock, for deadlines and for the waits of abseil.
#include "base/steady_time.h"

#include "absl/base/config.h"

namespace assay {

SteadyTime SteadyTime::Now() { return SteadyTime(SteadyNow()); }

}  // namespace assay

// Before its release of August 2023, abseil waits for a moment of the time of day. A wait of 50 ms
// lasts an hour if the clock is set back by an hour meanwhile, and gRPC's timers wait that way too.
// Abseil has a point of extension for its waits, which is used here for those with a timeout.
#if defined(__linux__) && defined(ABSL_LTS_RELEASE_VERSION) && ABSL_LTS_RELEASE_VERSION < 20230802

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>

#include "absl/base/internal/thread_identity.h"
#include "absl/synchronization/internal/create_thread_identity.h"
#include "absl/synchronization/internal/kernel_timeout.h"
#include "absl/synchronization/internal/per_thread_sem.h"
#include "absl/synchronization/internal/waiter.h"

static_assert(ABSL_WAITER_MODE == ABSL_WAITER_MODE_FUTEX);

namespace assay {
namespace {

using absl::synchronization_internal::KernelTimeout;
using absl::synchronization_internal::Waiter;

constexpr int64_t kNanosPerSecond = 1'000'000'000;

int64_t ToNanos(const timespec& time) { return time.tv_sec * kNanosPerSecond + time.tv_nsec; }

int64_t Read(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return ToNanos(time);
}

// Returns the moment of the monotonic clock at which a wait ends. A wait that goes on after a
// wake-up asks for the same moment of the time of day again and keeps the end that it had.
int64_t SteadyEnd(KernelTimeout timeout) {
  thread_local int64_t last_wall_end = 0;
  thread_local int64_t last_end = 0;
  const int64_t wall_end = ToNanos(timeout.MakeAbsTimespec());
  if (wall_end != last_wall_end) {
    last_wall_end = wall_end;
    last_end = Read(CLOCK_MONOTONIC) + (wall_end - Read(CLOCK_REALTIME));
  }
  return last_end;
}

// Waits for Waiter::Post() on the thread's semaphore. Returns false after the timeout.
bool WaitUntil(std::atomic<int32_t>* semaphore, int64_t end) {
  const timespec deadline = {.tv_sec = end / kNanosPerSecond, .tv_nsec = end % kNanosPerSecond};
  while (true) {
    int32_t count = semaphore->load(std::memory_order_relaxed);
    while (count != 0) {
      if (semaphore->compare_exchange_weak(count, count - 1, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
        return true;
      }
    }
    if (Read(CLOCK_MONOTONIC) >= end) return false;
    syscall(SYS_futex, reinterpret_cast<int32_t*>(semaphore),
            FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, &deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
  }
}

}  // namespace
}  // namespace assay

extern "C" __attribute__((visibility("default"))) bool ABSL_INTERNAL_C_SYMBOL(
    AbslInternalPerThreadSemWait)(absl::synchronization_internal::KernelTimeout timeout) {
  absl::base_internal::ThreadIdentity* const thread =
      absl::synchronization_internal::GetOrCreateCurrentThreadIdentity();
  assay::Waiter* const waiter = assay::Waiter::GetWaiter(thread);
  if (!timeout.has_timeout()) return waiter->Wait(timeout);
  // A Waiter is its semaphore and nothing else.
  static_assert(sizeof(assay::Waiter) == sizeof(std::atomic<int32_t>));
  return assay::WaitUntil(reinterpret_cast<std::atomic<int32_t>*>(waiter),
                          assay::SteadyEnd(timeout));
}

#endif
