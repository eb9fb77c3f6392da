// Sends traces to an MLflow tracking server.
#ifndef ASSAY_SERVER_MLFLOW_SPAN_RECEIVER_H_
#define ASSAY_SERVER_MLFLOW_SPAN_RECEIVER_H_

#include <memory>
#include <string>

#include "base/steady_time.h"
#include "server/mlflow/client.h"
#include "server/tracing/span_receiver.h"

namespace assay::server {

// Sends traces to the client's experiment (POST /v1/traces; needs MLflow 3.6 or later with an SQL
// store).
class MlflowSpanReceiver final : public SpanReceiver {
 public:
  explicit MlflowSpanReceiver(std::unique_ptr<MlflowClient> client) : client_(std::move(client)) {}

  Delivery Send(const std::string& body) override;
  void Expire(SteadyTime when) override { client_->Expire(when); }

 private:
  const std::unique_ptr<MlflowClient> client_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_MLFLOW_SPAN_RECEIVER_H_
