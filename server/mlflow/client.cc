// Uploads finished runs to an MLflow tracking server.
#include "server/mlflow/client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/http/url.h"
#include "base/status_macros.h"
#include "server/mlflow/batch.h"
#include "server/mlflow/logged_models.h"
#include "server/mlflow/search.h"

namespace assay::server {
namespace {

using nlohmann::json;

constexpr char kClientKeyTag[] = "assay.client_key";
constexpr char kParentTag[] = "mlflow.parentRunId";
// The most duplicates of one run to look for. A correct server never has more than two.
constexpr int kMaxCopies = 20;

constexpr absl::string_view kExperimentGonePayload = "assay/experiment_gone";

absl::Status ExperimentGone(absl::Status status) {
  status.SetPayload(kExperimentGonePayload, absl::Cord());
  return status;
}

bool IsEndState(const std::string& status) {
  return status == "FINISHED" || status == "FAILED" || status == "KILLED";
}

json Tag(const char* key, const std::string& value) {
  return {{"key", key}, {"value", FitValue(value, kMaxTagValueBytes)}};
}

json RunTags(const std::string& client_key, const std::string& evaluation_id,
             const std::string& model, const std::string& parent_id) {
  json tags = {Tag(kClientKeyTag, client_key), Tag("mlflow.source.name", "assayd"),
               Tag("mlflow.source.type", "JOB"), Tag("mlflow.user", "assayd")};
  // Runs of feedback belong to no evaluation.
  if (!evaluation_id.empty()) tags.push_back(Tag("assay.evaluation_id", evaluation_id));
  if (!model.empty()) tags.push_back(Tag("assay.model", model));
  if (!parent_id.empty()) tags.push_back(Tag(kParentTag, parent_id));
  return tags;
}

}  // namespace

bool IsExperimentGone(const absl::Status& status) {
  return status.GetPayload(kExperimentGonePayload).has_value();
}

absl::StatusOr<std::unique_ptr<MlflowClient>> MlflowClient::Create(absl::string_view tracking_uri,
                                                                   MlflowSettings settings,
                                                                   ArtifactSource artifacts) {
  ASSIGN_OR_RETURN(
      std::unique_ptr<MlflowConnection> connection,
      MlflowConnection::Create(tracking_uri, settings.http, settings.workspace, settings.retries));
  return std::unique_ptr<MlflowClient>(
      new MlflowClient(std::move(connection), std::move(settings), std::move(artifacts)));
}

MlflowClient::MlflowClient(std::unique_ptr<MlflowConnection> connection, MlflowSettings settings,
                           ArtifactSource artifacts)
    : connection_(std::move(connection)),
      settings_(std::move(settings)),
      artifacts_(std::move(artifacts)) {}

absl::StatusOr<std::string> MlflowClient::LookUpExperiment() {
  const bool by_id = settings_.experiment.empty();
  const std::string& requested = by_id ? settings_.experiment_id : settings_.experiment;
  const absl::StatusOr<json> answer = connection_->Get(absl::StrCat(
      by_id ? "experiments/get?experiment_id=" : "experiments/get-by-name?experiment_name=",
      http::UrlEscape(requested)));
  if (!answer.ok()) {
    return by_id && absl::IsNotFound(answer.status()) ? ExperimentGone(answer.status())
                                                      : answer.status();
  }
  std::string id = JsonField(*answer, "/experiment/experiment_id");
  if (id.empty()) return MissingField("experiment.experiment_id", *answer);
  if (JsonField(*answer, "/experiment/lifecycle_stage") == "deleted") {
    return ExperimentGone(absl::FailedPreconditionError(absl::StrCat(
        "the MLflow experiment '", requested,
        "' is deleted on the server: restore it there (`mlflow experiments restore -x ", id,
        "`) or set mlflow.experiment to another name")));
  }
  return id;
}

absl::StatusOr<std::string> MlflowClient::ExperimentId() {
  if (!experiment_id_.empty()) return experiment_id_;
  absl::StatusOr<std::string> id = LookUpExperiment();
  if (absl::IsNotFound(id.status()) && !settings_.experiment.empty()) {
    const absl::StatusOr<json> created =
        connection_->PostOnce("experiments/create", {{"name", settings_.experiment}});
    if (created.ok()) {
      id = JsonField(*created, "/experiment_id");
      if (id->empty()) return MissingField("experiment_id", *created);
    } else {
      // Another client may have created it between the two calls. Otherwise the error of the
      // creation is more helpful.
      id = LookUpExperiment();
      if (!id.ok()) return absl::IsNotFound(id.status()) ? created.status() : id.status();
    }
  }
  if (id.ok()) experiment_id_ = *id;
  return id;
}

ExperimentState MlflowClient::CheckExperiment() {
  ExperimentState state{
      .tracking_uri = connection_->base_url(),
      .experiment = settings_.experiment.empty() ? settings_.experiment_id : settings_.experiment};
  const absl::StatusOr<std::string> id = LookUpExperiment();
  if (id.ok()) state.experiment_id = *id;
  const bool will_be_created = absl::IsNotFound(id.status()) && !IsExperimentGone(id.status());
  state.status = will_be_created ? absl::OkStatus() : id.status();
  state.answered = id.ok() || !IsTransient(id.status());
  return state;
}

absl::StatusOr<std::vector<MlflowClient::RunInfo>> MlflowClient::SearchRuns(
    const std::string& experiment_id, absl::string_view tag, const std::string& value,
    int max_results) {
  ASSIGN_OR_RETURN(const std::string filter, TagFilter(tag, value));
  ASSIGN_OR_RETURN(const json answer,
                   connection_->Post("runs/search", {{"experiment_ids", {experiment_id}},
                                                     {"filter", filter},
                                                     {"run_view_type", "ACTIVE_ONLY"},
                                                     {"max_results", max_results}}));
  std::vector<RunInfo> found;
  if (!answer.contains("runs") || !answer.at("runs").is_array()) return found;
  for (const json& run : answer.at("runs")) {
    found.push_back({.run_id = JsonField(run, "/info/run_id"),
                     .artifact_uri = JsonField(run, "/info/artifact_uri"),
                     .finished = IsEndState(JsonField(run, "/info/status"))});
    if (found.back().run_id.empty()) return MissingField("runs[].info.run_id", answer);
  }
  return found;
}

absl::StatusOr<std::vector<MlflowClient::RunInfo>> MlflowClient::FindRuns(
    const std::string& experiment_id, const std::string& client_key) {
  ASSIGN_OR_RETURN(std::vector<RunInfo> found,
                   SearchRuns(experiment_id, kClientKeyTag, client_key, kMaxCopies));
  std::stable_partition(found.begin(), found.end(),
                        [](const RunInfo& info) { return info.finished; });
  return found;
}

absl::StatusOr<MlflowClient::RunInfo> MlflowClient::ChooseCanonical(
    const std::string& experiment_id, const std::vector<RunInfo>& copies) {
  if (copies.size() == 1 || copies.front().finished) return copies.front();
  for (const RunInfo& copy : copies) {
    ASSIGN_OR_RETURN(const std::vector<RunInfo> nested,
                     SearchRuns(experiment_id, kParentTag, copy.run_id, 1));
    if (!nested.empty()) return copy;
  }
  return copies.front();
}

absl::StatusOr<MlflowClient::RunInfo> MlflowClient::CreateRun(const std::string& experiment_id,
                                                              const NewRun& run) {
  const absl::StatusOr<json> answer =
      connection_->PostOnce("runs/create", {{"experiment_id", experiment_id},
                                            {"run_name", FitValue(run.name, kMaxKeyBytes)},
                                            {"start_time", absl::ToUnixMillis(run.started_at)},
                                            {"tags", run.tags}});
  if (!answer.ok()) {
    // The server may have a new store: look up the experiment again next time.
    experiment_id_.clear();
    if (MayHaveBeenProcessed(answer.status())) {
      possible_duplicates_.push_back(
          {.experiment_id = experiment_id, .client_key = run.client_key, .since = absl::Now()});
    }
    return answer.status();
  }
  RunInfo info{.run_id = JsonField(*answer, "/run/info/run_id"),
               .artifact_uri = JsonField(*answer, "/run/info/artifact_uri")};
  if (info.run_id.empty()) return MissingField("run.info.run_id", *answer);
  return info;
}

absl::StatusOr<MlflowClient::RunInfo> MlflowClient::FindOrCreate(const std::string& experiment_id,
                                                                 const NewRun& run) {
  ASSIGN_OR_RETURN(const std::vector<RunInfo> found, FindRuns(experiment_id, run.client_key));
  if (found.empty()) return CreateRun(experiment_id, run);
  if (found.size() > 1) {
    possible_duplicates_.push_back({.experiment_id = experiment_id, .client_key = run.client_key});
  }
  return ChooseCanonical(experiment_id, found);
}

absl::StatusOr<std::string> MlflowClient::ParentId(const std::string& experiment_id,
                                                   const evaluator::TrackedRun& run) {
  if (!run.parent.has_value()) return settings_.parent_run_id;
  ASSIGN_OR_RETURN(
      const RunInfo parent,
      FindOrCreate(experiment_id, {.client_key = run.parent->client_key,
                                   .name = run.parent->run_name,
                                   .started_at = run.parent->started_at,
                                   .tags = RunTags(run.parent->client_key, run.evaluation_id, "",
                                                   settings_.parent_run_id)}));
  return parent.run_id;
}

absl::Status MlflowClient::LogInputs(const std::string& run_id, const std::string& model_id,
                                     const evaluator::TrackedRun& run) {
  json body = {{"run_id", run_id}};
  if (run.dataset.has_value()) {
    const evaluator::TrackedDataset& dataset = *run.dataset;
    body["datasets"] = {{{"tags", {Tag("mlflow.data.context", "evaluation")}},
                         {"dataset",
                          {{"name", FitValue(dataset.name, kMaxDatasetNameBytes)},
                           {"digest", FitDigest(dataset)},
                           {"source_type", "assay"},
                           {"source", dataset.source},
                           {"profile", dataset.profile}}}}};
  }
  if (!model_id.empty()) body["models"] = {{{"model_id", model_id}}};
  if (body.size() == 1) return absl::OkStatus();
  return connection_->Post("runs/log-inputs", body).status();
}

absl::StatusOr<std::vector<std::string>> MlflowClient::LogContent(
    const std::string& experiment_id, const RunInfo& info, const evaluator::TrackedRun& run) {
  std::string model_id;
  if (run.deployed.has_value()) {
    ASSIGN_OR_RETURN(std::string model, FindOrCreateLoggedModel(connection_.get(), experiment_id,
                                                                info.run_id, *run.deployed));
    model_id = std::move(model);
  }
  for (std::string& body : MakeLogBatches(info.run_id, model_id, run)) {
    ASSIGN_OR_RETURN(const json logged, connection_->PostText("runs/log-batch", std::move(body)));
  }
  RETURN_IF_ERROR(LogInputs(info.run_id, model_id, run));
  absl::StatusOr<std::vector<std::string>> left_out =
      UploadArtifacts(connection_.get(), info.artifact_uri, run, artifacts_);
  if (!left_out.ok() || left_out->empty()) return left_out;
  ASSIGN_OR_RETURN(
      const json tagged,
      connection_->Post("runs/set-tag",
                        {{"run_id", info.run_id},
                         {"key", "assay.artifacts_left_out"},
                         {"value", FitValue(absl::StrJoin(*left_out, "; "), kMaxTagValueBytes)}}));
  return left_out;
}

absl::StatusOr<UploadedRun> MlflowClient::Upload(const evaluator::TrackedRun& run) {
  ASSIGN_OR_RETURN(const std::string experiment_id, ExperimentId());
  absl::StatusOr<UploadedRun> uploaded = UploadToExperiment(experiment_id, run);
  if (uploaded.ok() || IsTransient(uploaded.status())) return uploaded;
  // The server rejects every change in a deleted experiment, with an error about the run.
  experiment_id_.clear();
  const absl::Status experiment = LookUpExperiment().status();
  return IsExperimentGone(experiment) ? experiment : uploaded.status();
}

absl::StatusOr<UploadedRun> MlflowClient::Amend(const std::string& experiment_id,
                                                const evaluator::TrackedRun& run) {
  ASSIGN_OR_RETURN(const std::vector<RunInfo> found, FindRuns(experiment_id, run.client_key));
  UploadedRun uploaded{.run = {.model = run.model}};
  if (found.empty()) {
    uploaded.left_out.push_back(
        absl::StrCat(run.amendment, ": the run was deleted on the server, so nothing is added"));
    return uploaded;
  }
  ASSIGN_OR_RETURN(const RunInfo info, ChooseCanonical(experiment_id, found));
  uploaded.run.run_id = info.run_id;
  uploaded.run.url = RunUrl(experiment_id, info.run_id);
  ASSIGN_OR_RETURN(uploaded.left_out, LogContent(experiment_id, info, run));
  return uploaded;
}

absl::StatusOr<UploadedRun> MlflowClient::UploadToExperiment(const std::string& experiment_id,
                                                             const evaluator::TrackedRun& run) {
  if (!run.amendment.empty()) return Amend(experiment_id, run);
  ASSIGN_OR_RETURN(const std::string parent_id, ParentId(experiment_id, run));
  ASSIGN_OR_RETURN(const RunInfo info,
                   FindOrCreate(experiment_id, {.client_key = run.client_key,
                                                .name = run.run_name,
                                                .started_at = run.started_at,
                                                .tags = RunTags(run.client_key, run.evaluation_id,
                                                                run.model, parent_id)}));
  UploadedRun uploaded{.run = {.model = run.model,
                               .run_id = info.run_id,
                               .url = RunUrl(experiment_id, info.run_id)}};
  if (info.finished) return uploaded;
  ASSIGN_OR_RETURN(std::vector<std::string> left_out, LogContent(experiment_id, info, run));
  uploaded.left_out = std::move(left_out);
  ASSIGN_OR_RETURN(
      const json updated,
      connection_->Post("runs/update", {{"run_id", info.run_id},
                                        {"status", run.succeeded ? "FINISHED" : "FAILED"},
                                        {"end_time", absl::ToUnixMillis(run.finished_at)}}));
  return uploaded;
}

absl::Status MlflowClient::SendTraces(const std::string& otlp_json) {
  ASSIGN_OR_RETURN(const std::string experiment_id, ExperimentId());
  absl::Status sent = connection_->PostTraces(experiment_id, otlp_json);
  // The experiment may have been deleted: look it up again next time.
  if (!sent.ok()) experiment_id_.clear();
  return sent;
}

absl::Status MlflowClient::DeleteDuplicatesOf(const PossibleDuplicate& run) {
  ASSIGN_OR_RETURN(const std::vector<RunInfo> found, FindRuns(run.experiment_id, run.client_key));
  // Until one run has a final status, it is unknown which of them are the duplicates.
  if (found.empty() || !found.front().finished) return absl::OkStatus();
  for (size_t i = 1; i < found.size(); ++i) {
    const RunInfo& copy = found[i];
    if (copy.finished) continue;
    const absl::StatusOr<json> deleted =
        connection_->Post("runs/delete", {{"run_id", copy.run_id}});
    if (!deleted.ok() && !absl::IsNotFound(deleted.status())) return deleted.status();
  }
  return absl::OkStatus();
}

absl::Status MlflowClient::DeleteDuplicates(absl::Time now) {
  while (true) {
    const auto due = std::find_if(
        possible_duplicates_.begin(), possible_duplicates_.end(),
        [&](const PossibleDuplicate& run) { return run.since + DuplicateDelay() <= now; });
    if (due == possible_duplicates_.end()) return absl::OkStatus();
    RETURN_IF_ERROR(DeleteDuplicatesOf(*due));
    possible_duplicates_.erase(due);
  }
}

std::string MlflowClient::RunUrl(absl::string_view experiment_id, absl::string_view run_id) const {
  return absl::StrCat(connection_->base_url(), "/#/experiments/", experiment_id, "/runs/", run_id);
}

}  // namespace assay::server
