// Remembers who answered which request, without delaying the request.
#ifndef ASSAY_SERVER_FEEDBACK_ANSWER_MEMORY_H_
#define ASSAY_SERVER_FEEDBACK_ANSWER_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/batch_queue.h"
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
  ~AnswerMemory() = default;
  AnswerMemory(const AnswerMemory&) = delete;
  AnswerMemory& operator=(const AnswerMemory&) = delete;

  // Queues the answer. Takes about a microsecond and never waits for the disk.
  void Remember(evaluator::ServedAnswer answer) { queue_.Push(std::move(answer)); }

  // Blocks until all answers that were queued before are in the store or lost, at most `timeout`.
  void Flush(absl::Duration timeout) { queue_.Flush(timeout); }

  // Does the same if an answer to this request may still wait. Otherwise returns at once.
  void FlushRequest(const std::string& request_id, absl::Duration timeout);

  // Returns the number of answers that were dropped because the queue was full or the store failed.
  int64_t forgotten() const { return queue_.counts().dropped; }

 private:
  bool Write(const std::vector<evaluator::ServedAnswer>& batch);

  evaluator::FeedbackStore* const store_;
  const AnswerMemoryOptions options_;
  // Must be the last member, because its thread uses the others.
  BatchQueue<evaluator::ServedAnswer> queue_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_FEEDBACK_ANSWER_MEMORY_H_
