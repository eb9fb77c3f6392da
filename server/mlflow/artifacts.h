// Files of a run, through the tracking server's own artifact service.
#ifndef ASSAY_SERVER_MLFLOW_ARTIFACTS_H_
#define ASSAY_SERVER_MLFLOW_ARTIFACTS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/records/tracking.h"
#include "server/mlflow/connection.h"

namespace assay::server {

// The bytes of one of run.artifacts. Called on the thread that uploads.
using ArtifactSource = std::function<absl::StatusOr<std::string>(const evaluator::TrackedRun& run,
                                                                 const std::string& name)>;

// Puts the run's artifacts under `artifact_uri` (of MLflow's RunInfo); those that are there are
// replaced. What no repetition would mend is left out and returned, a sentence each: a server that
// does not serve artifacts (its URI is s3:, file:, ...), one that refuses a file, a file that
// cannot be made. Other errors (as MlflowConnection) end it.
absl::StatusOr<std::vector<std::string>> UploadArtifacts(MlflowConnection* connection,
                                                         const std::string& artifact_uri,
                                                         const evaluator::TrackedRun& run,
                                                         const ArtifactSource& source);

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_ARTIFACTS_H_
