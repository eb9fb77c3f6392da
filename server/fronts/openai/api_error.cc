// Errors in the form of the OpenAI API.
#include "server/fronts/openai/api_error.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/retry_delay.h"
#include "server/fronts/openai/request_fields.h"

namespace assay::server {
namespace {

using Json = nlohmann::json;

constexpr int kBadRequest = 400;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kConflict = 409;
constexpr int kTooManyRequests = 429;
// nginx's status of a client that has gone. Nobody reads it, but the log has it.
constexpr int kClientGone = 499;
constexpr int kServerError = 500;
constexpr int kUnavailable = 503;
constexpr int kGatewayTimeout = 504;
constexpr absl::Duration kRetryDelay = absl::Seconds(1);

// How a status code appears in the API. `code` may be null.
struct Form {
  int http;
  const char* type;
  const char* code;
};

Form FormOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
      return {kBadRequest, "invalid_request_error", nullptr};
    case absl::StatusCode::kUnauthenticated:
      return {kUnauthorized, "invalid_request_error", "invalid_api_key"};
    case absl::StatusCode::kPermissionDenied:
      return {kForbidden, "permission_error", nullptr};
    case absl::StatusCode::kNotFound:
      return {kNotFound, "invalid_request_error", "model_not_found"};
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
      return {kConflict, "invalid_request_error", "wrong_state"};
    case absl::StatusCode::kResourceExhausted:
      return {kTooManyRequests, "rate_limit_error", "rate_limit_exceeded"};
    case absl::StatusCode::kUnavailable:
      return {kUnavailable, "server_error", "unavailable"};
    case absl::StatusCode::kDeadlineExceeded:
      return {kGatewayTimeout, "server_error", "timeout"};
    case absl::StatusCode::kCancelled:
      return {kClientGone, "server_error", "cancelled"};
    default:
      return {kServerError, "server_error", nullptr};
  }
}

Json OrNull(std::string text) { return text.empty() ? Json() : Json(std::move(text)); }

Json Body(std::string message, const char* type, std::string param, const char* code) {
  return {{"error",
           {{"message", std::move(message)},
            {"type", type},
            {"param", OrNull(std::move(param))},
            {"code", code == nullptr ? Json() : Json(code)}}}};
}

// Messages may quote bytes of the request.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Json ErrorBody(const absl::Status& status) {
  const Form form = FormOf(status.code());
  return Body(std::string(status.message()), form.type, ParamOf(status), form.code);
}

HttpResponse ErrorResponse(const absl::Status& status) {
  HttpResponse response{.status = FormOf(status.code()).http,
                        .content_type = "application/json",
                        .body = Dump(ErrorBody(status))};
  if (response.status == kTooManyRequests || response.status == kUnavailable) {
    const absl::Duration delay = RetryDelay(status).value_or(kRetryDelay);
    // The header has whole seconds, the one that OpenAI's clients look at first has milliseconds.
    const auto seconds = static_cast<int64_t>(std::ceil(absl::ToDoubleSeconds(delay)));
    response.headers.push_back({"Retry-After", absl::StrCat(std::max<int64_t>(seconds, 1))});
    response.headers.push_back({"retry-after-ms", absl::StrCat(absl::ToInt64Milliseconds(delay))});
  }
  return response;
}

HttpResponse RefusalResponse(int status, std::string_view sentence) {
  const bool is_fault = status >= kServerError;
  return {.status = status,
          .content_type = "application/json",
          .body = Dump(Body(std::string(sentence),
                            is_fault ? "server_error" : "invalid_request_error", "", nullptr))};
}

}  // namespace assay::server
