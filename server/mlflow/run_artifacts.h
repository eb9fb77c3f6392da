// The files that go to a tracking server with a run.
#ifndef ASSAY_SERVER_MLFLOW_RUN_ARTIFACTS_H_
#define ASSAY_SERVER_MLFLOW_RUN_ARTIFACTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/records/tracking.h"
#include "evaluator/store/run_store.h"
#include "server/services/evaluation_reports.h"

namespace assay::server {

// Made from the store when they are asked for: the outbox holds names only. Thread-safe.
class RunArtifacts {
 public:
  // `store` must outlive this object.
  RunArtifacts(evaluator::RunStore* store, const evaluator::EconomicsInputs& economics)
      : store_(store), reports_(store, economics) {}

  // One of run.artifacts; samples.jsonl is of the run's model where it has one. NOT_FOUND: the
  // evaluation is gone; INVALID_ARGUMENT: no such artifact.
  absl::StatusOr<std::string> Make(const evaluator::TrackedRun& run, const std::string& name) const;

 private:
  evaluator::RunStore* const store_;
  const EvaluationReports reports_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_RUN_ARTIFACTS_H_
