// Reads MLflow's standard environment variables.
#ifndef ASSAY_SERVER_MLFLOW_ENVIRONMENT_H_
#define ASSAY_SERVER_MLFLOW_ENVIRONMENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/http/client.h"
#include "server/mlflow/connection.h"

namespace assay::server {

// The destination of runs and how to reach it. Exactly one of `experiment` and `experiment_id` is
// set.
struct MlflowSettings {
  std::string experiment;
  std::string experiment_id;
  // An existing run that evaluations are nested in; empty if there is none.
  std::string parent_run_id;
  // The workspace sent with every request; empty for the server's default.
  std::string workspace;
  http::ClientOptions http;
  // The immediate retries of one request. The outbox retries without limit; its first backoff is
  // the same.
  RequestRetries retries;
  bool system_metrics = true;
};

// Reads the settings. The experiment is the first of these that is not empty: `experiment` (from
// the configuration file), MLFLOW_EXPERIMENT_NAME, MLFLOW_EXPERIMENT_ID, "assay".
//
// Reads MLFLOW_TRACKING_USERNAME and _PASSWORD (Basic), else _TOKEN (Bearer); _INSECURE_TLS,
// _SERVER_CERT_PATH, _CLIENT_CERT_PATH; MLFLOW_HTTP_REQUEST_TIMEOUT (seconds), _MAX_RETRIES
// (immediate retries of one request) and _BACKOFF_FACTOR (the first wait in seconds;
// _BACKOFF_JITTER is not read); MLFLOW_RUN_ID, MLFLOW_WORKSPACE,
// MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING (on unless "false" or "0").
//
// Returns INVALID_ARGUMENT that names the variable if its value is invalid, and for
// MLFLOW_TRACKING_AWS_SIGV4 and MLFLOW_TRACKING_AUTH, which need MLflow's Python plugins.
absl::StatusOr<MlflowSettings> ReadMlflowSettings(const std::string& experiment);

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_ENVIRONMENT_H_
