// Scoped locks of absl::Mutex that compile without warnings with all releases of abseil. From
// 20260107 on, absl::MutexLock takes a reference and its form for pointers is deprecated; the
// release in Debian 12 has the form for pointers only. absl::Mutex::Lock() and Unlock() are
// deprecated as well, in favor of lock() and unlock(), which Debian's release does not have.
#ifndef ASSAY_BASE_MUTEX_LOCK_H_
#define ASSAY_BASE_MUTEX_LOCK_H_

#include <mutex>

#include "absl/base/config.h"
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

// Clang takes abseil's own attribute of a constructor for the end of the lock. With this one, it
// expects the destructor to lock the mutex again.
#if ABSL_HAVE_ATTRIBUTE(release_capability)
#define ASSAY_RELEASES_FOR_A_SCOPE(...) __attribute__((release_capability(__VA_ARGS__)))
#else
#define ASSAY_RELEASES_FOR_A_SCOPE(...)
#endif

namespace assay {
namespace mutex_lock_internal {

template <typename Mutex>
void Lock(Mutex& mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if constexpr (requires { mutex.lock(); }) {
    mutex.lock();
  } else {
    mutex.Lock();
  }
}

template <typename Mutex>
bool TryLock(Mutex& mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if constexpr (requires { mutex.try_lock(); }) {
    return mutex.try_lock();
  } else {
    return mutex.TryLock();
  }
}

template <typename Mutex>
void Unlock(Mutex& mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if constexpr (requires { mutex.unlock(); }) {
    mutex.unlock();
  } else {
    mutex.Unlock();
  }
}

}  // namespace mutex_lock_internal

// Returns true and holds `mutex` if no thread held it. Never blocks.
[[nodiscard]] inline bool TryLock(absl::Mutex& mutex)
    ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true, mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  return mutex_lock_internal::TryLock(mutex);
}

// Holds `mutex` during its lifetime.
//
//   const MutexLock lock(mutex_);
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  // Blocks until no other thread holds `mutex`. The calling thread must not hold it.
  explicit MutexLock(absl::Mutex& mutex)
      ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS : mutex_(mutex) {
    mutex_lock_internal::Lock(mutex_);
  }
  // Releases at the end a mutex that the calling thread already holds, after TryLock().
  MutexLock(absl::Mutex& mutex, std::adopt_lock_t) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex)
      : mutex_(mutex) {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() ABSL_UNLOCK_FUNCTION() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    mutex_lock_internal::Unlock(mutex_);
  }

 private:
  absl::Mutex& mutex_;
};

// Releases a mutex that the calling thread holds, and locks it again at the end of its lifetime.
class ABSL_SCOPED_LOCKABLE MutexUnlock {
 public:
  explicit MutexUnlock(absl::Mutex& mutex)
      ASSAY_RELEASES_FOR_A_SCOPE(mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS : mutex_(mutex) {
    mutex_lock_internal::Unlock(mutex_);
  }
  MutexUnlock(const MutexUnlock&) = delete;
  MutexUnlock& operator=(const MutexUnlock&) = delete;
  ~MutexUnlock() ASSAY_RELEASES_FOR_A_SCOPE() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    mutex_lock_internal::Lock(mutex_);
  }

 private:
  absl::Mutex& mutex_;
};

}  // namespace assay

#undef ASSAY_RELEASES_FOR_A_SCOPE

#endif  // ASSAY_BASE_MUTEX_LOCK_H_
