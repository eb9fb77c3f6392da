// MLflow's own environment variables.
#ifndef ASSAY_SERVER_MLFLOW_ENVIRONMENT_H_
#define ASSAY_SERVER_MLFLOW_ENVIRONMENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/http/client.h"
#include "server/mlflow/connection.h"

namespace assay::server {

// Where runs go and how. One of `experiment` and `experiment_id` is set.
struct MlflowSettings {
  std::string experiment;
  std::string experiment_id;
  // An existing run that evaluations are nested in; empty = none.
  std::string parent_run_id;
  // Named in every request; empty = the server's own.
  std::string workspace;
  http::ClientOptions http;
  // Of one request; the outbox goes on for as long as it takes, its first wait is the same.
  RequestRetries retries;
  bool system_metrics = true;
};

// `experiment` is the configuration's and wins where it is not empty; else
// MLFLOW_EXPERIMENT_NAME, MLFLOW_EXPERIMENT_ID, "assay".
//
// Read: MLFLOW_TRACKING_USERNAME and _PASSWORD (Basic), else _TOKEN (Bearer); _INSECURE_TLS,
// _SERVER_CERT_PATH, _CLIENT_CERT_PATH; MLFLOW_HTTP_REQUEST_TIMEOUT (seconds), _MAX_RETRIES (of one
// request, at once) and _BACKOFF_FACTOR (the first wait in seconds; _BACKOFF_JITTER is not read);
// MLFLOW_RUN_ID, MLFLOW_WORKSPACE, MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING (on unless it is "false" or
// "0"). INVALID_ARGUMENT names the
// variable: a value that is none, or MLFLOW_TRACKING_AWS_SIGV4 and MLFLOW_TRACKING_AUTH, which need
// MLflow's Python plugins.
absl::StatusOr<MlflowSettings> ReadMlflowSettings(const std::string& experiment);

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_ENVIRONMENT_H_
