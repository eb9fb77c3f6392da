// Where spans go.
#ifndef ASSAY_SERVER_TRACING_SPAN_RECEIVER_H_
#define ASSAY_SERVER_TRACING_SPAN_RECEIVER_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace assay::server {

// What became of a request with spans.
struct Delivery {
  // OK: the receiver has them.
  absl::Status status;
  // Not OK, but the same request may succeed later.
  bool try_again = false;
  // What the receiver asked for.
  std::optional<absl::Duration> retry_after;
  // Spans of the request that it did not take, though it took others.
  int rejected = 0;
};

// One thread at a time sends; Expire() is thread-safe.
class SpanReceiver {
 public:
  virtual ~SpanReceiver() = default;
  // `body`: otlp_json.h. Blocks for the length of an HTTP exchange.
  virtual Delivery Send(const std::string& body) = 0;
  // From `when` on sending fails (within about a second).
  virtual void Expire(absl::Time when) = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_TRACING_SPAN_RECEIVER_H_
