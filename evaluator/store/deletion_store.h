// The part of the store that deletes evaluations and gives their space back.
#ifndef ASSAY_EVALUATOR_STORE_DELETION_STORE_H_
#define ASSAY_EVALUATOR_STORE_DELETION_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/store/sqlite.h"

namespace assay::evaluator {

// What is known about a stored evaluation without reading its texts.
struct StoredEvaluation {
  std::string id;
  std::string name;
  EvaluationState state = EvaluationState::kRunning;
  absl::Time finished_at;
  // Samples and answers to tasks.
  int64_t samples = 0;
  // Entries of the outbox.
  int64_t waiting_uploads = 0;
};

// Selects evaluations that have ended.
struct DeletionFilter {
  absl::Time finished_before = absl::InfiniteFuture();
  // nullopt: every state but kRunning.
  std::optional<EvaluationState> state;
};

// Deletes evaluations from the file of the RunStore, through a connection of its own. An evaluation
// is gone for all readers at once (Delete()); its rows are removed and the file is shortened in
// steps (Purge()), so that other writers wait for one step at most: about 10 ms, and 2 MiB of disk.
// Deleted texts are overwritten or cut off the file when the last step is done. What a killed
// process left is continued by the next one. Methods block on the disk. Thread-safe.
class DeletionStore {
 public:
  // Errors are those of RunStore::Open().
  static absl::StatusOr<std::unique_ptr<DeletionStore>> Open(const std::string& path);

  // Returns the evaluations that match, the one that ended first first.
  absl::StatusOr<std::vector<StoredEvaluation>> Find(const DeletionFilter& filter);
  // Returns NOT_FOUND with the id if the evaluation does not exist.
  absl::StatusOr<StoredEvaluation> Get(std::string_view id);
  // Returns about the bytes that the evaluation takes. Reads all of it, with a gigabyte per second
  // or so.
  absl::StatusOr<int64_t> Bytes(std::string_view id);

  // Deletes evaluations and what waits in the outbox for them, all or none. Their bytes are given
  // back by Purge(), except those that are returned: they are free for other writes now. NOT_FOUND:
  // one does not exist. FAILED_PRECONDITION: one has not ended.
  absl::StatusOr<int64_t> Delete(std::span<const std::string> ids);
  // Takes one step of giving space back, and adds the bytes that deleted rows took to `freed`.
  // Returns false if there is nothing left to do.
  absl::StatusOr<bool> Purge(int64_t* freed);

  // Returns the size of the file without its free pages.
  absl::StatusOr<int64_t> StoredBytes();
  // Returns the size of the free pages, which Purge() cuts off.
  absl::StatusOr<int64_t> FreeBytes();

 private:
  explicit DeletionStore(std::unique_ptr<sqlite::Database> database)
      : database_(std::move(database)) {}

  template <typename... Values>
  absl::Status Run(std::string_view sql, const Values&... values)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns the evaluations that `clause` (WHERE, ORDER BY) with its parameters selects.
  template <typename... Values>
  absl::StatusOr<std::vector<StoredEvaluation>> Read(const std::string& clause,
                                                     const Values&... values)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status DeleteOne(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Removes some rows of deleted evaluations. Returns false if there are none.
  absl::StatusOr<bool> RemoveRows() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<int64_t> CountFreeBytes() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  const std::unique_ptr<sqlite::Database> database_ ABSL_PT_GUARDED_BY(mutex_);
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STORE_DELETION_STORE_H_
