// Sends spans to an OpenTelemetry collector or any other OTLP/HTTP receiver.
#ifndef ASSAY_SERVER_TRACING_OTLP_RECEIVER_H_
#define ASSAY_SERVER_TRACING_OTLP_RECEIVER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/http/client.h"
#include "base/steady_time.h"
#include "server/tracing/span_receiver.h"

namespace assay::server {

struct OtlpTarget {
  // The complete URL to POST to, such as "http://127.0.0.1:4318/v1/traces".
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  http::ClientOptions http;
};

// Speaks OTLP/HTTP with JSON. Answers 429, 502, 503 and 504 and transport failures are retryable
// (https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes). Any other answer except 2xx
// is final. Error messages contain the URL without credentials and query.
class OtlpReceiver final : public SpanReceiver {
 public:
  explicit OtlpReceiver(OtlpTarget target);

  Delivery Send(const std::string& body) override;
  void Expire(SteadyTime when) override { http_.Expire(when); }

 private:
  const std::string url_;
  const std::vector<std::pair<std::string, std::string>> headers_;
  http::Client http_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACING_OTLP_RECEIVER_H_
