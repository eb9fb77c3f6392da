// JSON over HTTP with an MLflow tracking server.
#include "server/mlflow/connection.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "server/mlflow/batch.h"
#include "server/mlflow/tracking_uri.h"

namespace assay::server {
namespace {

using nlohmann::json;

constexpr absl::string_view kRetryAfterPayload = "assay/retry_after_ms";
constexpr size_t kShownAnswerBytes = 300;
// How often a wait checks whether the connection expired.
constexpr absl::Duration kExpiryPollPeriod = absl::Milliseconds(50);
constexpr int kOk = 200;
constexpr int kNoContent = 204;

absl::StatusCode ToStatusCode(int http_status) {
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

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

absl::Status AnswerError(const std::string& url, const http::Response& response) {
  const json answer = ParseOrDiscarded(response.body);
  std::string message = answer.is_object() ? absl::StrCat(JsonField(answer, "/error_code"), " ",
                                                          JsonField(answer, "/message"))
                                           : response.body;
  message = FitValue(absl::StripAsciiWhitespace(message), kShownAnswerBytes);
  absl::Status status(ToStatusCode(response.status),
                      absl::StrCat("MLflow ", http::WithoutCredentials(url), " answered ",
                                   response.status, ": ", message));
  if (response.retry_after.has_value()) {
    status.SetPayload(kRetryAfterPayload,
                      absl::Cord(absl::StrCat(absl::ToInt64Milliseconds(*response.retry_after))));
  }
  return status;
}

std::string EscapeSegments(const std::string& path) {
  std::vector<std::string> segments;
  for (const absl::string_view segment : absl::StrSplit(path, '/')) {
    segments.push_back(http::UrlEscape(std::string(segment)));
  }
  return absl::StrJoin(segments, "/");
}

}  // namespace

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

bool MayHaveBeenProcessed(const absl::Status& status) {
  return IsTransient(status) && !absl::IsResourceExhausted(status);
}

std::optional<absl::Duration> RetryAfter(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryAfterPayload);
  int64_t milliseconds = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &milliseconds)) {
    return std::nullopt;
  }
  return absl::Milliseconds(milliseconds);
}

std::string JsonField(const json& value, const char* path) {
  const json::json_pointer pointer(path);
  if (!value.is_structured() || !value.contains(pointer)) return "";
  const json& field = value.at(pointer);
  if (field.is_string()) return field.get<std::string>();
  return field.is_number() ? field.dump() : "";
}

absl::Status MissingField(absl::string_view what, const json& answer) {
  return absl::InternalError(absl::StrCat("MLflow's answer has no ", what, ": ",
                                          FitValue(Dump(answer), kShownAnswerBytes)));
}

absl::StatusOr<std::unique_ptr<MlflowConnection>> MlflowConnection::Create(
    absl::string_view tracking_uri, http::ClientOptions options, std::string workspace,
    RequestRetries retries) {
  std::string uri(absl::StripSuffix(tracking_uri, "/"));
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parts(curl_url(), curl_url_cleanup);
  const bool is_http =
      absl::StartsWithIgnoreCase(uri, "http://") || absl::StartsWithIgnoreCase(uri, "https://");
  if (!is_http || parts == nullptr ||
      curl_url_set(parts.get(), CURLUPART_URL, uri.c_str(), 0) != CURLUE_OK) {
    return absl::InvalidArgumentError(
        absl::StrCat("MLflow tracking URI '", is_http ? "(malformed)" : ShownTrackingUri(uri),
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
  return std::unique_ptr<MlflowConnection>(
      new MlflowConnection(std::move(base), std::move(options), std::move(workspace), retries));
}

MlflowConnection::MlflowConnection(std::string base_url, http::ClientOptions options,
                                   std::string workspace, RequestRetries retries)
    : base_url_(std::move(base_url)),
      workspace_(std::move(workspace)),
      retries_(retries),
      http_(std::move(options)) {}

absl::StatusOr<http::Response> MlflowConnection::SendOnce(const http::Request& request) {
  absl::StatusOr<http::Response> response = http_.Send(request);
  if (!response.ok()) return response;
  if (response->status != kOk && response->status != kNoContent) {
    return AnswerError(request.url, *response);
  }
  return response;
}

void MlflowConnection::Wait(absl::Duration wait) {
  const SteadyTime end = SteadyTime::Now() + wait;
  while (!end.HasPassed() && !http_.Expired()) absl::SleepFor(std::min(wait, kExpiryPollPeriod));
}

absl::StatusOr<http::Response> MlflowConnection::Send(const http::Request& request) {
  int retries = request.at_most_once ? 0 : retries_.max_retries;
  absl::Duration wait = retries_.initial_backoff;
  while (true) {
    absl::StatusOr<http::Response> response = SendOnce(request);
    if (response.ok() || retries-- <= 0 || http_.Expired() ||
        !MayHaveBeenProcessed(response.status())) {
      return response;
    }
    Wait(wait * absl::Uniform(random_, 0.5, 1.0));
    wait *= 2;
  }
}

absl::StatusOr<json> MlflowConnection::Call(absl::string_view method, absl::string_view path,
                                            std::string body, Retry retry) {
  http::Request request;
  request.method = std::string(method);
  request.url = absl::StrCat(base_url_, "/api/2.0/mlflow/", path);
  request.body = std::move(body);
  request.headers = Headers("application/json");
  request.at_most_once = retry == Retry::kNever;
  ASSIGN_OR_RETURN(const http::Response response, Send(request));
  json answer = ParseOrDiscarded(response.body);
  if (!answer.is_object()) {
    return absl::InternalError(
        absl::StrCat(request.url, " returned a body that is not a JSON object: '",
                     FitValue(response.body, kShownAnswerBytes), "'; is it an MLflow server?"));
  }
  return answer;
}

absl::StatusOr<json> MlflowConnection::Get(absl::string_view path) {
  return Call("GET", path, "", Retry::kAllowed);
}

absl::StatusOr<json> MlflowConnection::Post(absl::string_view path, const json& body) {
  return Call("POST", path, Dump(body), Retry::kAllowed);
}

absl::StatusOr<json> MlflowConnection::PostOnce(absl::string_view path, const json& body) {
  return Call("POST", path, Dump(body), Retry::kNever);
}

absl::StatusOr<json> MlflowConnection::PostText(absl::string_view path, std::string body) {
  return Call("POST", path, std::move(body), Retry::kAllowed);
}

absl::StatusOr<json> MlflowConnection::Patch(absl::string_view path, const json& body) {
  return Call("PATCH", path, Dump(body), Retry::kAllowed);
}

absl::Status MlflowConnection::PutArtifact(const std::string& path, const std::string& content_type,
                                           std::string bytes) {
  http::Request request;
  request.method = "PUT";
  request.url =
      absl::StrCat(base_url_, "/api/2.0/mlflow-artifacts/artifacts/", EscapeSegments(path));
  request.body = std::move(bytes);
  request.headers = Headers(content_type);
  return Send(request).status();
}

absl::Status MlflowConnection::PostTraces(const std::string& experiment_id, std::string otlp_json) {
  http::Request request{.method = "POST",
                        .url = absl::StrCat(base_url_, "/v1/traces"),
                        .body = std::move(otlp_json),
                        .headers = Headers("application/json")};
  request.headers.emplace_back("x-mlflow-experiment-id", experiment_id);
  return SendOnce(request).status();
}

std::vector<std::pair<std::string, std::string>> MlflowConnection::Headers(
    const std::string& content_type) const {
  std::vector<std::pair<std::string, std::string>> headers = {{"Content-Type", content_type}};
  if (!workspace_.empty()) headers.emplace_back("X-MLFLOW-WORKSPACE", workspace_);
  return headers;
}

}  // namespace assay::server
