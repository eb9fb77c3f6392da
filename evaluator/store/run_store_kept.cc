// The part of the run store that keeps results while the disk is full.
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mutex_lock.h"
#include "evaluator/store/sqlite_run_store.h"

namespace assay::evaluator {
namespace {

// True if the same write may succeed later.
bool MayPass(const absl::Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsUnavailable(status);
}

}  // namespace

absl::Status SqliteRunStore::Finish(const Evaluation& evaluation,
                                    const std::vector<TrackedRun>& outbox) {
  absl::Status status;
  {
    MutexLock lock(mutex_);
    if (kept_.contains(evaluation.id)) {
      return absl::FailedPreconditionError(
          absl::StrCat("evaluation '", evaluation.id, "' has already ended"));
    }
    status = Record(evaluation, outbox);
    if (!MayPass(status)) return status;
    kept_[evaluation.id] = {.evaluation = evaluation, .outbox = outbox};
  }
  if (options_.on_kept) options_.on_kept(evaluation.id, status);
  return absl::OkStatus();
}

absl::Status SqliteRunStore::RecordKept() {
  while (true) {
    std::string id;
    {
      MutexLock lock(mutex_);
      if (kept_.empty()) return absl::OkStatus();
      const KeptResult& next = kept_.begin()->second;
      id = next.evaluation.id;
      // Other errors do not pass. FAILED_PRECONDITION: an earlier write took effect after all.
      const absl::Status status = Record(next.evaluation, next.outbox);
      if (MayPass(status)) return status;
      kept_.erase(kept_.begin());
    }
    if (options_.on_recorded) options_.on_recorded(id);
  }
}

}  // namespace assay::evaluator
