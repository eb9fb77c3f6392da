// MLflow LoggedModels: one for each revision of a deployed model.
#ifndef ASSAY_SERVER_MLFLOW_LOGGED_MODELS_H_
#define ASSAY_SERVER_MLFLOW_LOGGED_MODELS_H_

#include <string>

#include "absl/status/statusor.h"
#include "evaluator/records/tracking.h"
#include "server/mlflow/connection.h"

namespace assay::server {

// Returns the id of the experiment's oldest LoggedModel whose tag `assay.model_key` is the model's
// key. If there is none, creates one (from `run_id`, with the parameters) and marks it ready. Takes
// two to three requests. Errors are those of MlflowConnection; INVALID_ARGUMENT for a key that
// MLflow cannot search for. If the answer to a creation is lost, a second, pending and unused one
// may remain.
absl::StatusOr<std::string> FindOrCreateLoggedModel(MlflowConnection* connection,
                                                    const std::string& experiment_id,
                                                    const std::string& run_id,
                                                    const evaluator::TrackedModel& model);

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_LOGGED_MODELS_H_
