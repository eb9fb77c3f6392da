// Records the prompts of real requests, without delaying them.
#ifndef ASSAY_SERVER_RECORDING_PROMPT_RECORDER_H_
#define ASSAY_SERVER_RECORDING_PROMPT_RECORDER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/batch_queue.h"
#include "evaluator/records/recorded_prompt.h"
#include "evaluator/store/prompt_log_store.h"
#include "server/config/recording_config.h"
#include "server/serving/request_record.h"

namespace assay::server {

// The longest prompt, with its system message, that is recorded.
inline constexpr size_t kMaxRecordedBytes = size_t{64} << 10;

struct RecorderOptions {
  RecordingConfig config;
  // Prompts that wait for redaction and the disk. Further ones are dropped and counted.
  size_t queue_size = 1000;
  // The time that a prompt may wait for others, so that they share a transaction.
  absl::Duration batch_interval = absl::Seconds(1);
  // How often prompts that are too old are removed, also while nothing is recorded.
  absl::Duration prune_interval = absl::Hours(1);
  // Called on the recorder's thread when the store fails; a batch is lost and counted. May be null.
  std::function<void(const absl::Status&)> on_store_error;
};

struct RecorderCounts {
  int64_t recorded = 0;
  // The queue was full or the store failed.
  int64_t dropped = 0;
};

// Returns what is recorded of a request, before redaction: that of Generate and GenerateStream that
// succeeded, with a prompt or a conversation of one user message after at most one system message.
// The prompt is empty for all others and for texts longer than kMaxRecordedBytes.
evaluator::RecordedPrompt ToRecordedPrompt(const RequestRecord& record);

// Redacts and writes prompts on a thread of its own. Thread-safe.
class PromptRecorder {
 public:
  // Opens the store, whose file the evaluations' store must have opened before, also if recording
  // is off: what was recorded before can be listed and deleted.
  static absl::StatusOr<std::unique_ptr<PromptRecorder>> Create(const std::string& path,
                                                                RecorderOptions options);
  // Writes what waits and ends the thread.
  ~PromptRecorder() = default;
  PromptRecorder(const PromptRecorder&) = delete;
  PromptRecorder& operator=(const PromptRecorder&) = delete;

  evaluator::PromptLogStore& store() { return *store_; }
  bool recording() const { return options_.config.prompts; }

  // Queues the prompt if recording is on and the request is sampled. Copies the prompt and never
  // waits for the disk.
  void OnRequest(const RequestRecord& record) ABSL_LOCKS_EXCLUDED(mutex_);

  // Blocks until all prompts that were queued before are in the store or lost, at most `timeout`.
  void Flush(absl::Duration timeout) { queue_.Flush(timeout); }

  // Counts since the start.
  RecorderCounts counts() const;

 private:
  PromptRecorder(std::unique_ptr<evaluator::PromptLogStore> store, RecorderOptions options);

  // Writes the prompts. Without prompts, removes old ones.
  bool Write(std::vector<evaluator::RecordedPrompt> batch);

  const RecorderOptions options_;
  const std::unique_ptr<evaluator::PromptLogStore> store_;
  absl::Mutex mutex_;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
  // Must be the last member, because its thread uses the others.
  BatchQueue<evaluator::RecordedPrompt> queue_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RECORDING_PROMPT_RECORDER_H_
