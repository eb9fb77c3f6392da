// The event queue between a job and the client that follows it.
#ifndef ASSAY_EVALUATOR_RUN_FEED_H_
#define ASSAY_EVALUATOR_RUN_FEED_H_

#include <deque>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "evaluator/run/runner.h"

namespace assay::evaluator {

// Queues the events of one job. Push() never blocks the job. Unread progress is replaced by newer
// progress, so the queue holds at most two events per sample. Thread-safe.
class QueuedFeed final : public EvaluationFeed {
 public:
  void Push(EvaluationEvent event) ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns nullopt at once after the final Evaluation was read.
  std::optional<EvaluationEvent> Next(absl::Duration timeout) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  bool Readable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::deque<EvaluationEvent> events_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_FEED_H_
