// Tests of the scoped locks.
#include "base/mutex_lock.h"

#include <mutex>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

// Returns true if another thread could lock `mutex` now.
bool IsFree(absl::Mutex& mutex) {
  bool free = false;
  std::thread([&mutex, &free] {
    if (!TryLock(mutex)) return;
    const MutexLock lock(mutex, std::adopt_lock);
    free = true;
  }).join();
  return free;
}

TEST(MutexLockTest, HoldsTheMutexDuringItsLifetime) {
  absl::Mutex mutex;
  {
    const MutexLock lock(mutex);
    EXPECT_FALSE(IsFree(mutex));
  }
  EXPECT_TRUE(IsFree(mutex));
}

TEST(MutexLockTest, ReleasesAnAdoptedMutex) {
  absl::Mutex mutex;
  ASSERT_TRUE(TryLock(mutex));
  {
    const MutexLock lock(mutex, std::adopt_lock);
    EXPECT_FALSE(IsFree(mutex));
  }
  EXPECT_TRUE(IsFree(mutex));
}

TEST(MutexUnlockTest, ReleasesTheMutexDuringItsLifetime) {
  absl::Mutex mutex;
  const MutexLock lock(mutex);
  {
    const MutexUnlock unlocked(mutex);
    EXPECT_TRUE(IsFree(mutex));
  }
  EXPECT_FALSE(IsFree(mutex));
}

// AwaitWithTimeout() and the conditions of abseil work with a mutex that this lock holds.
TEST(MutexLockTest, AConditionIsAwaited) {
  absl::Mutex mutex;
  bool done = false;
  std::thread setter([&mutex, &done] {
    const MutexLock lock(mutex);
    done = true;
  });
  {
    const MutexLock lock(mutex);
    mutex.Await(absl::Condition(&done));
    EXPECT_TRUE(done);
  }
  setter.join();
}

}  // namespace
}  // namespace assay
