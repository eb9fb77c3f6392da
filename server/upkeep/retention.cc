// Deletes evaluations that are too old, or too many.
#include "server/upkeep/retention.h"

#include <span>
#include <utility>

#include "base/status_macros.h"

namespace assay::server {
namespace {

constexpr absl::Duration kInterval = absl::Hours(1);
// The shares of the maximum size at which the oldest evaluations are deleted, and down to which.
constexpr double kHigh = 0.95;
constexpr double kLow = 0.9;

void Append(DeletionResult from, DeletionResult* to) {
  for (evaluator::StoredEvaluation& evaluation : from.deleted) {
    to->deleted.push_back(std::move(evaluation));
  }
  to->freed_bytes += from.freed_bytes;
  to->freeing = from.freeing;
}

}  // namespace

absl::StatusOr<bool> Retention::IsAbove(double share) {
  if (!policy_.delete_oldest || policy_.max_bytes == 0) return false;
  ASSIGN_OR_RETURN(const int64_t bytes, deleter_->StoredBytes());
  return static_cast<double>(bytes) > share * static_cast<double>(policy_.max_bytes);
}

absl::StatusOr<DeletionResult> Retention::Apply(absl::Time now, const CallContext& context) {
  DeletionResult result;
  const bool is_due = now >= next_;
  if (is_due && policy_.keep < absl::InfiniteDuration()) {
    ASSIGN_OR_RETURN(result, deleter_->DeleteMatching(
                                 {.finished_before = now - policy_.keep},
                                 {.keep_waiting_uploads = policy_.keep_waiting_uploads}, context));
  }
  if (is_due) next_ = now + kInterval;
  ASSIGN_OR_RETURN(const bool is_large, IsAbove(kHigh));
  if (is_large) RETURN_IF_ERROR(DeleteOldest(context, &result));
  return result;
}

absl::Status Retention::DeleteOldest(const CallContext& context, DeletionResult* result) {
  const DeletionOptions options{.keep_waiting_uploads = policy_.keep_waiting_uploads};
  // A dry run would read every text.
  ASSIGN_OR_RETURN(const DeletionResult candidates, deleter_->Candidates(options));
  result->kept = candidates.kept;
  for (const evaluator::StoredEvaluation& oldest : candidates.deleted) {
    ASSIGN_OR_RETURN(const bool is_large, IsAbove(kLow));
    if (!is_large || context.IsDone()) break;
    absl::StatusOr<DeletionResult> deleted =
        deleter_->DeleteNamed(std::span(&oldest.id, 1), options, context);
    // It was deleted, or got a route, in between.
    if (absl::IsNotFound(deleted.status()) || absl::IsFailedPrecondition(deleted.status())) {
      continue;
    }
    RETURN_IF_ERROR(deleted.status());
    Append(*std::move(deleted), result);
    // Without its space, the next deletion would find the store as large as before, and so on.
    if (result->freeing) break;
  }
  return absl::OkStatus();
}

}  // namespace assay::server
