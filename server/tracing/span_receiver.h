// The interface of a receiver of spans.
#ifndef ASSAY_SERVER_TRACING_SPAN_RECEIVER_H_
#define ASSAY_SERVER_TRACING_SPAN_RECEIVER_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/steady_time.h"

namespace assay::server {

// The result of sending one request.
struct Delivery {
  // OK if the receiver accepted the request.
  absl::Status status;
  // True if `status` is an error and the same request may succeed later.
  bool retryable = false;
  // The wait that the receiver asked for before the next attempt.
  std::optional<absl::Duration> retry_after;
  // The number of spans that the receiver rejected while it accepted the others.
  int rejected = 0;
};

// Sends spans to one destination. Send() must be called by one thread at a time; Expire() is
// thread-safe.
class SpanReceiver {
 public:
  virtual ~SpanReceiver() = default;
  // Sends `body`, a request made by ToOtlpJson(). Blocks for one HTTP exchange.
  virtual Delivery Send(const std::string& body) = 0;
  // Makes every send fail after `when`, within about a second.
  virtual void Expire(SteadyTime when) = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACING_SPAN_RECEIVER_H_
