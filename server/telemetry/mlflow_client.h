// The part of MLflow's REST interface (api/2.0) that puts a finished run on a tracking server.
#ifndef ASSAY_SERVER_TELEMETRY_MLFLOW_CLIENT_H_
#define ASSAY_SERVER_TELEMETRY_MLFLOW_CLIENT_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "evaluator/run_store.h"
#include "http/client.h"
#include "nlohmann/json.hpp"

namespace assay::server {

// MLflow's own variables: MLFLOW_TRACKING_USERNAME and _PASSWORD (Basic), else
// MLFLOW_TRACKING_TOKEN (Bearer), MLFLOW_TRACKING_INSECURE_TLS ("true" or "1": no verification),
// MLFLOW_TRACKING_SERVER_CERT_PATH.
http::ClientOptions HttpOptionsFromMlflowEnvironment();

// Worth trying again without anybody changing anything: answers 408, 429 and 5xx, no connection,
// timeouts, answers that are not MLflow's.
bool IsTransient(const absl::Status& status);
// What the server asked for with Retry-After.
std::optional<absl::Duration> RetryAfter(const absl::Status& status);

// Not thread-safe, except Expire(). Every call blocks for the length of its HTTP requests.
//
// Errors by HTTP answer: 400 INVALID_ARGUMENT, 401 UNAUTHENTICATED, 403 PERMISSION_DENIED, 404
// NOT_FOUND, 408 and 429 RESOURCE_EXHAUSTED, 500 INTERNAL, other 5xx UNAVAILABLE, the rest
// FAILED_PRECONDITION; an answer that is not JSON or lacks a field is INTERNAL; http::Client's own
// otherwise. Messages name the URL and what the server said (shortened).
class MlflowClient {
 public:
  // `tracking_uri` as MLFLOW_TRACKING_URI: "http://127.0.0.1:5000", "https://host/prefix". A user
  // name and password in it are used and never shown. INVALID_ARGUMENT for other kinds of URI (a
  // file path, "databricks").
  static absl::StatusOr<std::unique_ptr<MlflowClient>> Create(absl::string_view tracking_uri,
                                                              http::ClientOptions options);

  // The id of the experiment, created if need be; FAILED_PRECONDITION where it is deleted on the
  // server. Remembered after the first call.
  absl::StatusOr<std::string> ExperimentId(const std::string& experiment);

  // Puts the run on the server whole: finds it by the tag `assay.client_key` or creates it, logs
  // what it has, then sets its end state. May be called again after any failure, and after
  // success: nothing is logged twice (the server drops a metric with the same key, step, time
  // and value; a run in an end state is left as it is). What MLflow would refuse is fitted: keys
  // and values are cut to its limits (with a marker), metrics that are not finite are left out and
  // counted in the tag `assay.metrics_left_out`.
  absl::StatusOr<evaluator::TrackingRun> Upload(const std::string& experiment,
                                                const evaluator::TrackedRun& run);

  // Where a person sees the run.
  std::string RunUrl(absl::string_view experiment_id, absl::string_view run_id) const;

  // As http::Client::Expire. Thread-safe.
  void Expire(absl::Time when) { http_.Expire(when); }

 private:
  struct RunInfo {
    std::string run_id;
    bool finished;
  };

  MlflowClient(std::string base_url, http::ClientOptions options);

  absl::StatusOr<nlohmann::json> Call(absl::string_view method, absl::string_view path,
                                      std::string body);
  absl::StatusOr<nlohmann::json> Post(absl::string_view path, const nlohmann::json& body);
  absl::StatusOr<std::string> LookUpExperiment(const std::string& experiment);
  absl::StatusOr<std::optional<RunInfo>> FindRun(const std::string& experiment_id,
                                                 const std::string& client_key);
  absl::StatusOr<RunInfo> CreateRun(const std::string& experiment_id,
                                    const evaluator::TrackedRun& run);

  const std::string base_url_;
  http::Client http_;
  absl::flat_hash_map<std::string, std::string> experiment_ids_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TELEMETRY_MLFLOW_CLIENT_H_
