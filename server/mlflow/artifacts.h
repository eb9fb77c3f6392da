// Uploads the files of a run through the tracking server's artifact service.
#ifndef ASSAY_SERVER_MLFLOW_ARTIFACTS_H_
#define ASSAY_SERVER_MLFLOW_ARTIFACTS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/records/tracking.h"
#include "server/mlflow/connection.h"

namespace assay::server {

// Returns the bytes of one of run.artifacts. Called on the thread that uploads.
using ArtifactSource = std::function<absl::StatusOr<std::string>(const evaluator::TrackedRun& run,
                                                                 const std::string& name)>;

// Uploads the run's artifacts to `artifact_uri` (from MLflow's RunInfo) and replaces existing ones.
// Problems that a retry would not fix do not stop the upload: a server that does not serve
// artifacts (its URI is s3:, file:, ...), a file that the server rejects, a file that cannot be
// made. They are returned, one sentence each. Other errors are those of MlflowConnection and end
// the upload.
absl::StatusOr<std::vector<std::string>> UploadArtifacts(MlflowConnection* connection,
                                                         const std::string& artifact_uri,
                                                         const evaluator::TrackedRun& run,
                                                         const ArtifactSource& source);

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_ARTIFACTS_H_
