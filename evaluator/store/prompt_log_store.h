// The part of the store that keeps prompts of real requests.
#ifndef ASSAY_EVALUATOR_STORE_PROMPT_LOG_STORE_H_
#define ASSAY_EVALUATOR_STORE_PROMPT_LOG_STORE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "evaluator/records/recorded_prompt.h"
#include "evaluator/store/sqlite.h"

namespace assay::evaluator {

// How much is kept.
struct PromptRetention {
  int64_t max_prompts = 10'000;
  absl::Duration max_age = absl::Hours(30 * 24);
};

// Selects prompts. Empty texts and infinite times select all.
struct PromptFilter {
  std::string content_type;
  std::string request_id;
  absl::Time since = absl::InfinitePast();
  absl::Time before = absl::InfiniteFuture();
};

// Some of the prompts that match a filter.
struct PromptPage {
  // Newest first.
  std::vector<RecordedPrompt> prompts;
  // The row of the last one; PromptLogStore::List() continues before it. 0: there are no more.
  int64_t next = 0;
  // The number of prompts that match.
  int64_t total = 0;
};

// Stores prompts in the file of the RunStore, through a connection of its own, so that no write of
// an evaluation waits for it longer than one transaction. Deleted texts are overwritten in the
// file. Methods block on the disk. Thread-safe.
class PromptLogStore {
 public:
  // Errors are those of RunStore::Open().
  static absl::StatusOr<std::unique_ptr<PromptLogStore>> Open(const std::string& path,
                                                              const PromptRetention& retention);

  // Adds prompts and removes the oldest ones beyond the retention, in one transaction.
  absl::Status Add(std::span<const RecordedPrompt> prompts);

  // Returns at most `limit` prompts, and no more than about `max_bytes` of text, but at least one
  // if there is one. `before_row` is PromptPage::next of the page before; 0: the first page.
  absl::StatusOr<PromptPage> List(const PromptFilter& filter, int64_t before_row, int limit,
                                  int64_t max_bytes);

  // Removes the prompts that match. Returns their number.
  absl::StatusOr<int64_t> Delete(const PromptFilter& filter);

  // Removes the prompts beyond the retention.
  absl::Status Prune(absl::Time now);

 private:
  PromptLogStore(std::unique_ptr<sqlite::Database> database, const PromptRetention& retention)
      : retention_(retention), database_(std::move(database)) {}

  absl::Status RemoveOld(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const PromptRetention retention_;
  absl::Mutex mutex_;
  const std::unique_ptr<sqlite::Database> database_ ABSL_PT_GUARDED_BY(mutex_);
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STORE_PROMPT_LOG_STORE_H_
