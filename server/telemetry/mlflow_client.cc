// The part of MLflow's REST interface (api/2.0) that puts a finished run on a tracking server.
#include "server/telemetry/mlflow_client.h"

#include <curl/curl.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/telemetry/mlflow_batch.h"

namespace assay::server {
namespace {

using nlohmann::json;

constexpr absl::string_view kRetryAfterPayload = "assay/retry_after_ms";
constexpr char kClientKeyTag[] = "assay.client_key";
constexpr size_t kShownAnswerBytes = 300;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusCode CodeOf(int http_status) {
  switch (http_status) {
    case 400:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 408:
    case 429:
      return absl::StatusCode::kResourceExhausted;
    case 500:
      return absl::StatusCode::kInternal;
    default:
      return http_status > 500 ? absl::StatusCode::kUnavailable
                               : absl::StatusCode::kFailedPrecondition;
  }
}

json ParseOrDiscarded(const std::string& text) {
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

// A string or number at `path` as a string; empty where there is none.
std::string Field(const json& value, const char* path) {
  const json::json_pointer pointer(path);
  if (!value.is_structured() || !value.contains(pointer)) return "";
  const json& field = value.at(pointer);
  if (field.is_string()) return field.get<std::string>();
  return field.is_number() ? field.dump() : "";
}

absl::Status AnswerError(const std::string& url, const http::Response& response) {
  const json answer = ParseOrDiscarded(response.body);
  std::string said = answer.is_object() ? absl::StrCat(Field(answer, "/error_code"), " ",
                                                       Field(answer, "/message"))
                                        : response.body;
  said = FitValue(absl::StripAsciiWhitespace(said), kShownAnswerBytes);
  absl::Status status(CodeOf(response.status),
                      absl::StrCat("MLflow ", http::WithoutCredentials(url), " answered ",
                                   response.status, ": ", said));
  if (response.retry_after.has_value()) {
    status.SetPayload(kRetryAfterPayload,
                      absl::Cord(absl::StrCat(absl::ToInt64Milliseconds(*response.retry_after))));
  }
  return status;
}

absl::Status MissingField(absl::string_view what, const json& answer) {
  return absl::InternalError(absl::StrCat(
      "MLflow's answer has no ", what, ": ",
      FitValue(answer.dump(-1, ' ', false, json::error_handler_t::replace), kShownAnswerBytes)));
}

bool IsEndState(const std::string& status) {
  return status == "FINISHED" || status == "FAILED" || status == "KILLED";
}

}  // namespace

http::ClientOptions HttpOptionsFromMlflowEnvironment() {
  http::ClientOptions options;
  options.username = Environment("MLFLOW_TRACKING_USERNAME");
  options.password = Environment("MLFLOW_TRACKING_PASSWORD");
  options.bearer_token = Environment("MLFLOW_TRACKING_TOKEN");
  const std::string insecure = absl::AsciiStrToLower(Environment("MLFLOW_TRACKING_INSECURE_TLS"));
  options.verify_tls = insecure != "true" && insecure != "1";
  options.ca_variable = "MLFLOW_TRACKING_SERVER_CERT_PATH";
  options.ca_path = Environment(options.ca_variable.c_str());
  return options;
}

bool IsTransient(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kOutOfRange:
      return true;
    default:
      return false;
  }
}

std::optional<absl::Duration> RetryAfter(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryAfterPayload);
  int64_t milliseconds = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &milliseconds)) {
    return std::nullopt;
  }
  return absl::Milliseconds(milliseconds);
}

absl::StatusOr<std::unique_ptr<MlflowClient>> MlflowClient::Create(absl::string_view tracking_uri,
                                                                   http::ClientOptions options) {
  std::string uri(absl::StripSuffix(tracking_uri, "/"));
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parts(curl_url(), curl_url_cleanup);
  const bool is_http =
      absl::StartsWithIgnoreCase(uri, "http://") || absl::StartsWithIgnoreCase(uri, "https://");
  if (!is_http || parts == nullptr ||
      curl_url_set(parts.get(), CURLUPART_URL, uri.c_str(), 0) != CURLUE_OK) {
    return absl::InvalidArgumentError(
        absl::StrCat("MLflow tracking URI '", is_http ? "(malformed)" : uri,
                     "': expected the address of a tracking server, like http://127.0.0.1:5000"));
  }
  char* user = nullptr;
  char* password = nullptr;
  if (curl_url_get(parts.get(), CURLUPART_USER, &user, CURLU_URLDECODE) == CURLUE_OK &&
      curl_url_get(parts.get(), CURLUPART_PASSWORD, &password, CURLU_URLDECODE) == CURLUE_OK) {
    options.username = user;
    options.password = password;
  }
  curl_free(user);
  curl_free(password);
  std::string base(absl::StripSuffix(http::WithoutCredentials(uri), "/"));
  return std::unique_ptr<MlflowClient>(new MlflowClient(std::move(base), std::move(options)));
}

MlflowClient::MlflowClient(std::string base_url, http::ClientOptions options)
    : base_url_(std::move(base_url)), http_(std::move(options)) {}

absl::StatusOr<json> MlflowClient::Call(absl::string_view method, absl::string_view path,
                                        std::string body) {
  http::Request request;
  request.method = std::string(method);
  request.url = absl::StrCat(base_url_, "/api/2.0/mlflow/", path);
  request.body = std::move(body);
  request.headers = {{"Content-Type", "application/json"}};
  const absl::StatusOr<http::Response> response = http_.Send(request);
  if (!response.ok()) return response.status();
  if (response->status != 200) return AnswerError(request.url, *response);
  json answer = ParseOrDiscarded(response->body);
  if (!answer.is_object()) {
    return absl::InternalError(
        absl::StrCat(request.url, " answered something that is not a JSON object: '",
                     FitValue(response->body, kShownAnswerBytes), "'; is it an MLflow server?"));
  }
  return answer;
}

absl::StatusOr<json> MlflowClient::Post(absl::string_view path, const json& body) {
  return Call("POST", path, body.dump(-1, ' ', false, json::error_handler_t::replace));
}

absl::StatusOr<std::string> MlflowClient::LookUpExperiment(const std::string& experiment) {
  const absl::StatusOr<json> answer = Call(
      "GET", absl::StrCat("experiments/get-by-name?experiment_name=", http::UrlEscape(experiment)),
      "");
  if (!answer.ok()) return answer.status();
  std::string id = Field(*answer, "/experiment/experiment_id");
  if (id.empty()) return MissingField("experiment.experiment_id", *answer);
  if (Field(*answer, "/experiment/lifecycle_stage") == "deleted") {
    return absl::FailedPreconditionError(absl::StrCat(
        "the MLflow experiment '", experiment,
        "' is deleted on the server: restore it there or set mlflow.experiment to another name"));
  }
  return id;
}

absl::StatusOr<std::string> MlflowClient::ExperimentId(const std::string& experiment) {
  if (const auto it = experiment_ids_.find(experiment); it != experiment_ids_.end()) {
    return it->second;
  }
  absl::StatusOr<std::string> id = LookUpExperiment(experiment);
  if (absl::IsNotFound(id.status())) {
    const absl::StatusOr<json> created = Post("experiments/create", {{"name", experiment}});
    if (created.ok()) {
      id = Field(*created, "/experiment_id");
      if (id->empty()) return MissingField("experiment_id", *created);
    } else {
      // Somebody else may have made it between the two calls; else the first error says more.
      id = LookUpExperiment(experiment);
      if (!id.ok()) return absl::IsNotFound(id.status()) ? created.status() : id.status();
    }
  }
  if (id.ok()) experiment_ids_[experiment] = *id;
  return id;
}

absl::StatusOr<std::optional<MlflowClient::RunInfo>> MlflowClient::FindRun(
    const std::string& experiment_id, const std::string& client_key) {
  const absl::StatusOr<json> answer = Post(
      "runs/search", {{"experiment_ids", {experiment_id}},
                      {"filter", absl::StrCat("tags.`", kClientKeyTag, "` = '", client_key, "'")},
                      {"run_view_type", "ACTIVE_ONLY"},
                      {"max_results", 1}});
  if (!answer.ok()) return answer.status();
  if (!answer->contains("runs") || !answer->at("runs").is_array() || answer->at("runs").empty()) {
    return std::nullopt;
  }
  const json& run = answer->at("runs").front();
  std::string run_id = Field(run, "/info/run_id");
  if (run_id.empty()) return MissingField("runs[0].info.run_id", *answer);
  return RunInfo{.run_id = std::move(run_id), .finished = IsEndState(Field(run, "/info/status"))};
}

absl::StatusOr<MlflowClient::RunInfo> MlflowClient::CreateRun(const std::string& experiment_id,
                                                              const evaluator::TrackedRun& run) {
  const auto tag = [](const char* key, const std::string& value) {
    return json{{"key", key}, {"value", FitValue(value, kMaxTagValueBytes)}};
  };
  const absl::StatusOr<json> answer =
      Post("runs/create",
           {{"experiment_id", experiment_id},
            {"run_name", FitValue(run.run_name, kMaxKeyBytes)},
            {"start_time", absl::ToUnixMillis(run.started_at)},
            {"tags",
             {tag(kClientKeyTag, run.client_key), tag("assay.evaluation_id", run.evaluation_id),
              tag("assay.model", run.model), tag("mlflow.source.name", "assayd"),
              tag("mlflow.user", "assayd")}}});
  if (!answer.ok()) return answer.status();
  std::string run_id = Field(*answer, "/run/info/run_id");
  if (run_id.empty()) return MissingField("run.info.run_id", *answer);
  return RunInfo{.run_id = std::move(run_id), .finished = false};
}

absl::StatusOr<evaluator::TrackingRun> MlflowClient::Upload(const std::string& experiment,
                                                            const evaluator::TrackedRun& run) {
  // It goes into a search expression that has no escapes.
  if (run.client_key.empty() || run.client_key.find_first_of("'\"`\\") != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("client key '", run.client_key, "' is empty or has a quote in it"));
  }
  const absl::StatusOr<std::string> experiment_id = ExperimentId(experiment);
  if (!experiment_id.ok()) return experiment_id.status();
  const absl::StatusOr<std::optional<RunInfo>> found = FindRun(*experiment_id, run.client_key);
  if (!found.ok()) return found.status();
  absl::StatusOr<RunInfo> info = found->has_value() ? **found : CreateRun(*experiment_id, run);
  if (!info.ok()) {
    // The server may have another store now: look the experiment up again next time.
    experiment_ids_.erase(experiment);
    return info.status();
  }
  if (!info->finished) {
    for (std::string& body : MakeLogBatches(info->run_id, run)) {
      const absl::StatusOr<json> logged = Call("POST", "runs/log-batch", std::move(body));
      if (!logged.ok()) return logged.status();
    }
    const absl::StatusOr<json> updated =
        Post("runs/update", {{"run_id", info->run_id},
                             {"status", run.succeeded ? "FINISHED" : "FAILED"},
                             {"end_time", absl::ToUnixMillis(run.finished_at)}});
    if (!updated.ok()) return updated.status();
  }
  return evaluator::TrackingRun{
      .model = run.model, .run_id = info->run_id, .url = RunUrl(*experiment_id, info->run_id)};
}

std::string MlflowClient::RunUrl(absl::string_view experiment_id, absl::string_view run_id) const {
  return absl::StrCat(base_url_, "/#/experiments/", experiment_id, "/runs/", run_id);
}

}  // namespace assay::server
