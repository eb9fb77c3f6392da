// Deletes evaluations, except those that something rests on.
#ifndef ASSAY_SERVER_UPKEEP_EVALUATION_DELETER_H_
#define ASSAY_SERVER_UPKEEP_EVALUATION_DELETER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/call_context.h"
#include "evaluator/store/deletion_store.h"

namespace assay::server {

struct DeletionOptions {
  // Also deletes evaluations on which routes rest.
  bool force = false;
  // Deletes nothing.
  bool dry_run = false;
  // Leaves evaluations whose results have not reached the tracking server.
  bool keep_waiting_uploads = false;
};

// An evaluation that was left, and why.
struct KeptEvaluation {
  evaluator::StoredEvaluation evaluation;
  std::string reason;
};

struct DeletionResult {
  // Oldest end first.
  std::vector<evaluator::StoredEvaluation> deleted;
  std::vector<KeptEvaluation> kept;
  // The bytes that were given back; of a dry run, the size of what would be deleted.
  int64_t freed_bytes = 0;
  // The number of results that were deleted before they reached the tracking server.
  int64_t dropped_uploads = 0;
  // True: Purge() has more to do.
  bool freeing = false;
};

// Deletes evaluations that have ended, with their evidence for routes. Methods block on the disk.
// Thread-safe.
class EvaluationDeleter {
 public:
  // By the id of an evaluation: the content types whose routes rest on it.
  using InUse = std::map<std::string, std::vector<std::string>>;
  struct Options {
    // Must be thread-safe. May be null: no route rests on an evaluation.
    std::function<InUse()> in_use;
    // Called with the ids of deleted evaluations. May be null.
    std::function<void(std::span<const std::string> ids)> on_deleted;
  };

  // `store` must outlive this object.
  EvaluationDeleter(evaluator::DeletionStore* store, Options options)
      : store_(store), options_(std::move(options)) {}

  // Deletes the evaluations, all or none. NOT_FOUND: one does not exist. FAILED_PRECONDITION: one
  // must be left. The message has the id. Gives space back until `context` is done.
  absl::StatusOr<DeletionResult> DeleteNamed(std::span<const std::string> ids,
                                             const DeletionOptions& options,
                                             const CallContext& context);
  // Deletes the evaluations that match, except those that must be left.
  absl::StatusOr<DeletionResult> DeleteMatching(const evaluator::DeletionFilter& filter,
                                                const DeletionOptions& options,
                                                const CallContext& context);

  // Returns the evaluations that could be deleted, and those that must be left.
  absl::StatusOr<DeletionResult> Candidates(const DeletionOptions& options);

  // Gives space back, as long as `context` is not done, and adds it to `freed`. Returns true if
  // there is more to do.
  absl::StatusOr<bool> Purge(const CallContext& context, int64_t* freed);

  absl::StatusOr<int64_t> StoredBytes() { return store_->StoredBytes(); }
  // Returns the bytes that Purge() would give back at least.
  absl::StatusOr<int64_t> FreeBytes() { return store_->FreeBytes(); }

 private:
  // Moves the evaluations that must be left from `deleted` to `kept`.
  void Spare(const DeletionOptions& options, DeletionResult* result) const;
  // Deletes result->deleted, or measures it.
  absl::Status Execute(const DeletionOptions& options, const CallContext& context,
                       DeletionResult* result);

  evaluator::DeletionStore* const store_;
  const Options options_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_UPKEEP_EVALUATION_DELETER_H_
