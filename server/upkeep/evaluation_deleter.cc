// Deletes evaluations, except those that something rests on.
#include "server/upkeep/evaluation_deleter.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "evaluator/records/evaluation.h"

namespace assay::server {
namespace {

// The pause between two steps of giving space back.
constexpr absl::Duration kMinPause = absl::Milliseconds(5);
constexpr absl::Duration kMaxPause = absl::Milliseconds(100);

}  // namespace

using evaluator::StoredEvaluation;

void EvaluationDeleter::Spare(const DeletionOptions& options, DeletionResult* result) const {
  const InUse in_use = options_.in_use && !options.force ? options_.in_use() : InUse();
  const auto reason = [&](const StoredEvaluation& evaluation) -> std::string {
    if (evaluation.state == evaluator::EvaluationState::kRunning) {
      return "it has not ended, or its result waits for room on the disk; cancel it first";
    }
    if (const auto found = in_use.find(evaluation.id); found != in_use.end()) {
      return absl::StrCat("the route of ", absl::StrJoin(found->second, ", "),
                          " rests on it; force its deletion, or change the route");
    }
    if (options.keep_waiting_uploads && evaluation.waiting_uploads > 0) {
      return absl::StrCat(evaluation.waiting_uploads, " of its results wait for MLflow");
    }
    return "";
  };
  std::vector<StoredEvaluation> deleted;
  for (StoredEvaluation& evaluation : result->deleted) {
    std::string why = reason(evaluation);
    if (why.empty()) {
      deleted.push_back(std::move(evaluation));
    } else {
      result->kept.push_back({.evaluation = std::move(evaluation), .reason = std::move(why)});
    }
  }
  result->deleted = std::move(deleted);
}

absl::StatusOr<DeletionResult> EvaluationDeleter::DeleteNamed(std::span<const std::string> ids,
                                                              const DeletionOptions& options,
                                                              const CallContext& context) {
  DeletionResult result;
  std::vector<std::string> distinct(ids.begin(), ids.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (const std::string& id : distinct) {
    ASSIGN_OR_RETURN(StoredEvaluation evaluation, store_->Get(id));
    result.deleted.push_back(std::move(evaluation));
  }
  Spare(options, &result);
  if (!result.kept.empty()) {
    const KeptEvaluation& kept = result.kept.front();
    return absl::FailedPreconditionError(absl::StrCat("evaluation '", kept.evaluation.id,
                                                      "' cannot be deleted: ", kept.reason,
                                                      "; nothing was deleted"));
  }
  RETURN_IF_ERROR(Execute(options, context, &result));
  return result;
}

absl::StatusOr<DeletionResult> EvaluationDeleter::Candidates(const DeletionOptions& options) {
  DeletionResult result;
  ASSIGN_OR_RETURN(result.deleted, store_->Find({}));
  Spare(options, &result);
  return result;
}

absl::StatusOr<DeletionResult> EvaluationDeleter::DeleteMatching(
    const evaluator::DeletionFilter& filter, const DeletionOptions& options,
    const CallContext& context) {
  DeletionResult result;
  ASSIGN_OR_RETURN(result.deleted, store_->Find(filter));
  Spare(options, &result);
  RETURN_IF_ERROR(Execute(options, context, &result));
  return result;
}

absl::Status EvaluationDeleter::Execute(const DeletionOptions& options, const CallContext& context,
                                        DeletionResult* result) {
  std::vector<std::string> ids;
  for (const StoredEvaluation& evaluation : result->deleted) {
    ids.push_back(evaluation.id);
    result->dropped_uploads += evaluation.waiting_uploads;
  }
  if (options.dry_run) {
    for (const std::string& id : ids) {
      RETURN_IF_ERROR(context.Check());
      ASSIGN_OR_RETURN(const int64_t bytes, store_->Bytes(id));
      result->freed_bytes += bytes;
    }
    return absl::OkStatus();
  }
  if (ids.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(result->freed_bytes, store_->Delete(ids));
  if (options_.on_deleted) options_.on_deleted(ids);
  // The evaluations are gone, whatever happens to their space.
  const absl::StatusOr<bool> more = Purge(context, &result->freed_bytes);
  result->freeing = !more.ok() || *more;
  return absl::OkStatus();
}

absl::StatusOr<bool> EvaluationDeleter::Purge(const CallContext& context, int64_t* freed) {
  while (!context.IsDone()) {
    const SteadyTime start = SteadyTime::Now();
    ASSIGN_OR_RETURN(const bool more, store_->Purge(freed));
    if (!more) return false;
    // SQLite lets waiting writers poll for the lock, so that they need pauses.
    absl::SleepFor(std::clamp(SteadyTime::Now() - start, kMinPause, kMaxPause));
  }
  return true;
}

}  // namespace assay::server
