// What the daemon takes from earlier evaluations.
#include "server/evaluation_history.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "evaluator/records/evaluation.h"
#include "server/events/log.h"

namespace assay::server {
namespace {

// The number of past evaluations whose scores metrics show after a start.
constexpr int kMaxKnownEvaluations = 200;

}  // namespace

absl::Status EvaluationHistory::Read(evaluator::RunStore& store) {
  {
    const MutexLock lock(mutex_);
    RETURN_IF_ERROR(evidence_->Read(store));
  }
  absl::StatusOr<std::vector<evaluator::Evaluation>> known = store.List(kMaxKnownEvaluations);
  RETURN_IF_ERROR(known.status());
  std::reverse(known->begin(), known->end());
  for (const evaluator::Evaluation& evaluation : *known) events_->OnKnownEvaluation(evaluation);
  return absl::OkStatus();
}

void EvaluationHistory::ReadOnFullDisk(evaluator::RunStore& store, const std::string& path) {
  const MutexLock lock(mutex_);
  absl::Status read = evidence_->Read(store);
  if (absl::IsResourceExhausted(read)) {
    const absl::StatusOr<std::unique_ptr<evaluator::RunStore>> stopped =
        evaluator::RunStore::OpenStopped(path);
    read = stopped.ok() ? evidence_->Read(**stopped) : stopped.status();
  }
  if (read.ok()) return;
  LogEvent(spdlog::level::warn, "evidence_unread", {{"error", std::string(read.message())}});
}

}  // namespace assay::server
