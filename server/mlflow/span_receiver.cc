// Sends traces to an MLflow tracking server.
#include "server/mlflow/span_receiver.h"

namespace assay::server {

Delivery MlflowSpanReceiver::Send(const std::string& body) {
  const absl::Status sent = client_->SendTraces(body);
  return {.status = sent, .retryable = IsTransient(sent), .retry_after = RetryAfter(sent)};
}

}  // namespace assay::server
