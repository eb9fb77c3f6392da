// Sends spans to an OTLP/HTTP receiver.
#include "server/tracing/otlp_receiver.h"

#include <cstddef>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace assay::server {
namespace {

using nlohmann::json;

constexpr int kFirstSuccess = 200;
constexpr int kLastSuccess = 299;
constexpr size_t kShownAnswerBytes = 300;

bool IsRetryable(int http_status) {
  return http_status == 429 || http_status == 502 || http_status == 503 || http_status == 504;
}

// Returns ExportTraceServiceResponse.partialSuccess.rejectedSpans, which is a number or, by
// proto3's JSON mapping of 64-bit integers, a string.
int RejectedSpans(const std::string& body) {
  const json answer = json::parse(body, nullptr, /*allow_exceptions=*/false);
  const json::json_pointer where("/partialSuccess/rejectedSpans");
  if (!answer.is_object() || !answer.contains(where)) return 0;
  const json& rejected = answer.at(where);
  int count = 0;
  if (rejected.is_number_integer()) return rejected.get<int>();
  return rejected.is_string() && absl::SimpleAtoi(rejected.get<std::string>(), &count) ? count : 0;
}

}  // namespace

OtlpReceiver::OtlpReceiver(OtlpTarget target)
    : url_(std::move(target.url)),
      headers_([&] {
        auto headers = std::move(target.headers);
        headers.emplace_back("Content-Type", "application/json");
        return headers;
      }()),
      http_(std::move(target.http)) {}

Delivery OtlpReceiver::Send(const std::string& body) {
  const absl::StatusOr<http::Response> answer =
      http_.Send({.method = "POST", .url = url_, .body = body, .headers = headers_});
  if (!answer.ok()) {
    const bool misconfigured =
        absl::IsInvalidArgument(answer.status()) || absl::IsFailedPrecondition(answer.status());
    return {.status = answer.status(), .retryable = !misconfigured};
  }
  if (answer->status >= kFirstSuccess && answer->status <= kLastSuccess) {
    return {.rejected = RejectedSpans(answer->body)};
  }
  return {.status = absl::UnknownError(absl::StrCat(http::WithoutSecrets(url_), " answered ",
                                                    answer->status, ": ",
                                                    answer->body.substr(0, kShownAnswerBytes))),
          .retryable = IsRetryable(answer->status),
          .retry_after = answer->retry_after};
}

}  // namespace assay::server
