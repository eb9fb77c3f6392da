// Uploads finished runs to an MLflow tracking server (REST, api/2.0).
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
#include "base/steady_time.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/tracking.h"
#include "nlohmann/json.hpp"
#include "server/mlflow/artifacts.h"
#include "server/mlflow/connection.h"
#include "server/mlflow/environment.h"

namespace assay::server {

// A run that was uploaded.
struct UploadedRun {
  evaluator::RunLink run;
  // What was left out, one sentence each.
  std::vector<std::string> left_out;
};

// The experiment as the server knows it now.
struct ExperimentState {
  // The tracking URI without credentials.
  std::string tracking_uri;
  // The configured name or id.
  std::string experiment;
  // Empty if the server does not have the experiment or did not answer.
  std::string experiment_id;
  // True if the tracking server answered, even with an error.
  bool answered = false;
  // OK if runs can be uploaded; an experiment that does not exist yet is created with the first
  // run.
  absl::Status status;
};

// Returns true if `status` means that the experiment is deleted, or that its configured id does not
// exist. All runs wait until a person restores the experiment or changes the configuration.
bool IsExperimentGone(const absl::Status& status);

// Uploads runs and traces to one tracking server. Not thread-safe, except Expire(). Every call
// blocks for its HTTP requests; errors are those of MlflowConnection.
class MlflowClient {
 public:
  // Creates a client. Returns INVALID_ARGUMENT like MlflowConnection::Create(). If `artifacts` is
  // null, no artifacts are uploaded.
  static absl::StatusOr<std::unique_ptr<MlflowClient>> Create(absl::string_view tracking_uri,
                                                              MlflowSettings settings,
                                                              ArtifactSource artifacts);

  // Returns the id of the configured experiment and creates the experiment if it does not exist.
  // Returns FAILED_PRECONDITION if it is deleted on the server, and NOT_FOUND if the configured id
  // does not exist. Cached after the first success.
  absl::StatusOr<std::string> ExperimentId();

  // Asks the server for the experiment. Creates nothing, and neither uses nor changes the cached
  // id.
  ExperimentState CheckExperiment();

  // Uploads the run:
  //
  //   1. finds its run and its parent run by the tag `assay.client_key`, or creates them;
  //   2. logs params, metrics, tags, the dataset, the LoggedModel and the artifacts;
  //   3. sets the final status.
  //
  // May be called again after a failure or a success. Nothing is duplicated: the server drops a
  // metric with the same key, step, time and value and inputs that it already has, and a run with a
  // final status is not changed. An amendment is added to the run whatever its status; if the run
  // was deleted on the server, that is `left_out`. Data that MLflow would reject is adapted: keys
  // and values are truncated to its limits (with a marker), non-finite metrics are left out and
  // counted in the tag `assay.metrics_left_out`, artifacts that were left out are named in
  // `assay.artifacts_left_out`.
  //
  // If the experiment was deleted on the server, the error is that of ExperimentId()
  // (IsExperimentGone()), and the next call looks the experiment up again.
  absl::StatusOr<UploadedRun> Upload(const evaluator::TrackedRun& run);

  // Sends spans (OTLP JSON) to the experiment. The server accepts or rejects a request as a whole.
  absl::Status SendTraces(const std::string& otlp_json);

  // Deletes duplicate runs. If the answer to a creation is lost, the server may carry it out after
  // the run was created a second time. This call looks for such duplicates once DuplicateDelay()
  // has passed since the creation, and deletes those without a final status once one of them has
  // one. Returns OK if there are none. After an error the remaining ones are deleted by the next
  // call.
  absl::Status DeleteDuplicates(absl::Time now);
  const MlflowSettings& settings() const { return settings_; }
  // How long after a failed creation duplicates may still appear: twice the timeout of a request.
  absl::Duration DuplicateDelay() const { return 2 * settings_.http.timeout; }

  // Returns the URL of the run in MLflow's user interface.
  std::string RunUrl(absl::string_view experiment_id, absl::string_view run_id) const;

  // Behaves like http::Client::Expire(). Thread-safe.
  void Expire(SteadyTime when) { connection_->Expire(when); }

 private:
  struct RunInfo {
    std::string run_id;
    std::string artifact_uri;
    bool finished = false;
  };
  // A run to be created, with its initial tags.
  struct NewRun {
    std::string client_key;
    std::string name;
    absl::Time started_at;
    nlohmann::json tags;
  };
  struct PossibleDuplicate {
    std::string experiment_id;
    std::string client_key;
    // The time at which the creation failed. InfinitePast() for duplicates that were already seen.
    absl::Time since = absl::InfinitePast();
  };

  MlflowClient(std::unique_ptr<MlflowConnection> connection, MlflowSettings settings,
               ArtifactSource artifacts);

  absl::StatusOr<std::string> LookUpExperiment();
  absl::StatusOr<UploadedRun> UploadToExperiment(const std::string& experiment_id,
                                                 const evaluator::TrackedRun& run);
  absl::StatusOr<UploadedRun> Amend(const std::string& experiment_id,
                                    const evaluator::TrackedRun& run);
  // Returns at most `max_results` runs that have the tag.
  absl::StatusOr<std::vector<RunInfo>> SearchRuns(const std::string& experiment_id,
                                                  absl::string_view tag, const std::string& value,
                                                  int max_results);
  // Returns every run of `client_key`, those with a final status first.
  absl::StatusOr<std::vector<RunInfo>> FindRuns(const std::string& experiment_id,
                                                const std::string& client_key);
  // Chooses the run to keep among duplicates in the order of FindRuns(): one that has a final
  // status, else the one that other runs are nested in, because their parent must be kept.
  absl::StatusOr<RunInfo> ChooseCanonical(const std::string& experiment_id,
                                          const std::vector<RunInfo>& copies);
  absl::StatusOr<RunInfo> FindOrCreate(const std::string& experiment_id, const NewRun& run);
  absl::StatusOr<RunInfo> CreateRun(const std::string& experiment_id, const NewRun& run);
  // Returns the id of the parent run: the configured one, or for the run of a model the
  // evaluation's.
  absl::StatusOr<std::string> ParentId(const std::string& experiment_id,
                                       const evaluator::TrackedRun& run);
  // Logs everything except the final status. Returns what was left out.
  absl::StatusOr<std::vector<std::string>> LogContent(const std::string& experiment_id,
                                                      const RunInfo& info,
                                                      const evaluator::TrackedRun& run);
  absl::Status LogInputs(const std::string& run_id, const std::string& model_id,
                         const evaluator::TrackedRun& run);
  absl::Status DeleteDuplicatesOf(const PossibleDuplicate& run);

  const std::unique_ptr<MlflowConnection> connection_;
  const MlflowSettings settings_;
  const ArtifactSource artifacts_;
  std::string experiment_id_;
  std::vector<PossibleDuplicate> possible_duplicates_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_CLIENT_H_
