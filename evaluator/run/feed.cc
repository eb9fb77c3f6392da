// The event queue between a job and the client that follows it.
#include "evaluator/run/feed.h"

#include <utility>

#include "base/mutex_lock.h"

namespace assay::evaluator {

void QueuedFeed::Push(EvaluationEvent event) {
  MutexLock lock(mutex_);
  ended_ = ended_ || std::holds_alternative<Evaluation>(event);
  const bool newer_progress = std::holds_alternative<Progress>(event) && !events_.empty() &&
                              std::holds_alternative<Progress>(events_.back());
  if (newer_progress) {
    events_.back() = std::move(event);
    return;
  }
  events_.push_back(std::move(event));
}

std::optional<EvaluationEvent> QueuedFeed::Next(absl::Duration timeout) {
  MutexLock lock(mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &QueuedFeed::Readable), timeout);
  if (events_.empty()) return std::nullopt;
  EvaluationEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

bool QueuedFeed::Readable() const { return ended_ || !events_.empty(); }

}  // namespace assay::evaluator
