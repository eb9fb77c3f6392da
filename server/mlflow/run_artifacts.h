// Generates the artifacts that are uploaded with a run.
#ifndef ASSAY_SERVER_MLFLOW_RUN_ARTIFACTS_H_
#define ASSAY_SERVER_MLFLOW_RUN_ARTIFACTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/records/tracking.h"
#include "evaluator/report/recorded_reports.h"
#include "evaluator/store/judgment_store.h"
#include "evaluator/store/run_store.h"

namespace assay::server {

// Generates artifacts from the store on demand, because the outbox contains only their names.
// Thread-safe.
class RunArtifacts {
 public:
  // The stores must outlive this object.
  RunArtifacts(evaluator::RunStore* store, evaluator::JudgmentStore* judgments,
               const evaluator::EconomicsInputs& economics)
      : store_(store), reports_(store, economics, /*feedback=*/nullptr, judgments) {}

  // Returns the content of one of run.artifacts. samples.jsonl contains only the samples of the
  // run's model if the run has one. Returns NOT_FOUND if the evaluation no longer exists and
  // INVALID_ARGUMENT if there is no such artifact.
  absl::StatusOr<std::string> Make(const evaluator::TrackedRun& run, const std::string& name) const;

 private:
  evaluator::RunStore* const store_;
  const evaluator::RecordedReports reports_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_RUN_ARTIFACTS_H_
