// Callers that take turns.
#include "engine/kernels/turn_queue.h"

#include <cstdint>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace assay::engine {

TurnQueue::Turn TurnQueue::Begin() {
  const absl::Time start = absl::Now();
  const absl::MutexLock lock(&mutex_);
  Turn turn{.number = next_++};
  const auto is_served = [&]()
                             ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return serving_ == turn.number; };
  mutex_.Await(absl::Condition(&is_served));
  turn.waited = absl::Now() - start;
  return turn;
}

void TurnQueue::End() {
  const absl::MutexLock lock(&mutex_);
  ++serving_;
}

int64_t TurnQueue::turns() const {
  const absl::MutexLock lock(&mutex_);
  return next_;
}

}  // namespace assay::engine
