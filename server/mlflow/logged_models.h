// MLflow's LoggedModels: one for each revision of a deployed model.
#ifndef ASSAY_SERVER_MLFLOW_LOGGED_MODELS_H_
#define ASSAY_SERVER_MLFLOW_LOGGED_MODELS_H_

#include <string>

#include "absl/status/statusor.h"
#include "evaluator/records/tracking.h"
#include "server/mlflow/connection.h"

namespace assay::server {

// The id of the LoggedModel with the tag `assay.model_key` of this key in the experiment, the
// oldest one; made (from `run_id`, with the parameters) and declared ready where there is none. Two
// to three requests. Errors as MlflowConnection; INVALID_ARGUMENT for a key that MLflow cannot
// search for. A creation whose answer was lost may leave a second one behind, pending and unused.
absl::StatusOr<std::string> FindOrCreateLoggedModel(MlflowConnection* connection,
                                                    const std::string& experiment_id,
                                                    const std::string& run_id,
                                                    const evaluator::TrackedModel& model);

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_LOGGED_MODELS_H_
