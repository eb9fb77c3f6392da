// Remembers who answered which request, without delaying the request.
#ifndef ASSAY_SERVER_FEEDBACK_ANSWER_MEMORY_H_
#define ASSAY_SERVER_FEEDBACK_ANSWER_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "evaluator/records/feedback.h"
#include "evaluator/store/feedback_store.h"
#include "server/serving/request_record.h"

namespace assay::server {

struct AnswerMemoryOptions {
  // Answers that wait for the disk. Further ones are dropped and counted.
  size_t queue_size = 10'000;
  // The time that an answer may wait for others, so that they share a transaction.
  absl::Duration batch_interval = absl::Seconds(1);
  // Called on the memory's thread when the store fails; the batch is lost and counted. May be null.
  std::function<void(const absl::Status&)> on_store_error;
};

// Returns what is remembered of a request that succeeded.
evaluator::ServedAnswer ToAnswer(const RequestRecord& record);

// Writes answers to the store in batches, from a thread of its own. Thread-safe.
class AnswerMemory {
 public:
  // `store` must outlive this object.
  AnswerMemory(evaluator::FeedbackStore* store, AnswerMemoryOptions options);
  // Writes what waits and ends the thread.
  ~AnswerMemory();
  AnswerMemory(const AnswerMemory&) = delete;
  AnswerMemory& operator=(const AnswerMemory&) = delete;

  // Queues the answer. Takes about a microsecond and never waits for the disk.
  void Remember(evaluator::ServedAnswer answer) ABSL_LOCKS_EXCLUDED(mutex_);

  // Blocks until all answers that were queued before are in the store or lost, at most `timeout`.
  void Flush(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_);

  // Does the same if an answer to this request may still wait. Otherwise returns at once.
  void FlushRequest(const std::string& request_id, absl::Duration timeout)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Returns the number of answers that were dropped because the queue was full or the store failed.
  int64_t forgotten() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  void AwaitAll(absl::Duration timeout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  evaluator::FeedbackStore* const store_;
  const AnswerMemoryOptions options_;
  mutable absl::Mutex mutex_;
  std::vector<evaluator::ServedAnswer> queue_ ABSL_GUARDED_BY(mutex_);
  // The numbers of answers that were queued, and that left the queue for the store or were lost.
  int64_t queued_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t forgotten_ ABSL_GUARDED_BY(mutex_) = 0;
  // True while a caller of Flush() waits, or at the end.
  bool hurry_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_FEEDBACK_ANSWER_MEMORY_H_
