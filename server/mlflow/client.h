// Puts finished runs on an MLflow tracking server (REST, api/2.0).
#ifndef ASSAY_SERVER_MLFLOW_CLIENT_H_
#define ASSAY_SERVER_MLFLOW_CLIENT_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/tracking.h"
#include "nlohmann/json.hpp"
#include "server/mlflow/artifacts.h"
#include "server/mlflow/connection.h"
#include "server/mlflow/environment.h"

namespace assay::server {

// A run that is on the server.
struct UploadedRun {
  evaluator::RunLink run;
  // What had to be left out, a sentence each.
  std::vector<std::string> left_out;
};

// Not thread-safe, except Expire(). Every call blocks for the length of its HTTP requests; errors
// as MlflowConnection's.
class MlflowClient {
 public:
  // INVALID_ARGUMENT as MlflowConnection::Create. `artifacts` may be null: none are sent.
  static absl::StatusOr<std::unique_ptr<MlflowClient>> Create(absl::string_view tracking_uri,
                                                              MlflowSettings settings,
                                                              ArtifactSource artifacts);

  // The id of the settings' experiment, created if need be; FAILED_PRECONDITION where it is deleted
  // on the server, NOT_FOUND where there is none of the id given. Remembered after the first call.
  absl::StatusOr<std::string> ExperimentId();

  // Puts the run on the server whole: finds it by the tag `assay.client_key` or creates it, its
  // parent run likewise; logs what it has, dataset, LoggedModel and artifacts included, then sets
  // its end state. May be called again after any failure, and after success: nothing is there twice
  // (the server drops a metric with the same key, step, time and value, and inputs it has; a run in
  // an end state is left as it is). What MLflow would refuse is fitted: keys and values are cut to
  // its limits (with a marker), metrics that are not finite are left out and counted in the tag
  // `assay.metrics_left_out`, artifacts left out are named in `assay.artifacts_left_out`.
  absl::StatusOr<UploadedRun> Upload(const evaluator::TrackedRun& run);

  // Puts spans (OTLP in JSON) into the experiment. The server takes a request as a whole or not at
  // all.
  absl::Status SendTraces(const std::string& otlp_json);

  // A creation whose answer was lost may be carried out after the run was created anew. Looks for
  // such copies, from Doubt() after the creation on, and deletes those that have not ended where
  // one has. OK where there are none; an error leaves the rest for the next call.
  absl::Status DeleteDuplicates(absl::Time now);
  const MlflowSettings& settings() const { return settings_; }
  // Twice the time that a request may take.
  absl::Duration Doubt() const { return 2 * settings_.http.timeout; }

  // Where a person sees the run.
  std::string RunUrl(absl::string_view experiment_id, absl::string_view run_id) const;

  // As http::Client::Expire. Thread-safe.
  void Expire(absl::Time when) { connection_->Expire(when); }

 private:
  struct RunInfo {
    std::string run_id;
    std::string artifact_uri;
    bool finished = false;
  };
  // To be created, with the tags of every run.
  struct NewRun {
    std::string client_key;
    std::string name;
    absl::Time started_at;
    nlohmann::json tags;
  };
  struct DoubtfulRun {
    std::string experiment_id;
    std::string client_key;
    // When the creation failed; the past for copies that were seen.
    absl::Time since = absl::InfinitePast();
  };

  MlflowClient(std::unique_ptr<MlflowConnection> connection, MlflowSettings settings,
               ArtifactSource artifacts);

  absl::StatusOr<std::string> LookUpExperiment();
  // At most `most` of the runs that have the tag.
  absl::StatusOr<std::vector<RunInfo>> SearchRuns(const std::string& experiment_id,
                                                  absl::string_view tag, const std::string& value,
                                                  int most);
  // Every run of that key, those in an end state first.
  absl::StatusOr<std::vector<RunInfo>> FindRuns(const std::string& experiment_id,
                                                const std::string& client_key);
  // Of copies of one run, as FindRuns() gives them: the one that has ended; else that in which
  // others are nested, for theirs must be the one that stays.
  absl::StatusOr<RunInfo> ChooseOf(const std::string& experiment_id,
                                   const std::vector<RunInfo>& copies);
  absl::StatusOr<RunInfo> FindOrCreate(const std::string& experiment_id, const NewRun& run);
  absl::StatusOr<RunInfo> CreateRun(const std::string& experiment_id, const NewRun& run);
  // The run that the evaluation's own is nested in, or the one that a model's is.
  absl::StatusOr<std::string> ParentId(const std::string& experiment_id,
                                       const evaluator::TrackedRun& run);
  // All of the run but its end state. What was left out.
  absl::StatusOr<std::vector<std::string>> Fill(const std::string& experiment_id,
                                                const RunInfo& info,
                                                const evaluator::TrackedRun& run);
  absl::Status LogInputs(const std::string& run_id, const std::string& model_id,
                         const evaluator::TrackedRun& run);
  absl::Status DeleteDuplicatesOf(const DoubtfulRun& doubt);

  const std::unique_ptr<MlflowConnection> connection_;
  const MlflowSettings settings_;
  const ArtifactSource artifacts_;
  std::string experiment_id_;
  std::vector<DoubtfulRun> doubts_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_CLIENT_H_
