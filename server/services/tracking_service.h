// The gRPC service assay.v1.TrackingService.
#ifndef ASSAY_SERVER_SERVICES_TRACKING_SERVICE_H_
#define ASSAY_SERVER_SERVICES_TRACKING_SERVICE_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "assay/v1/tracking.grpc.pb.h"
#include "evaluator/store/run_store.h"
#include "server/mlflow/client.h"
#include "server/mlflow/outbox_flusher.h"

namespace assay::server {

// Shows the outbox to MLflow and flushes it on demand. Thread-safe; a status and a flush may run at
// the same time.
class TrackingServiceImpl final : public assay::v1::TrackingService::Service {
 public:
  // The pointers must outlive the service.
  struct Dependencies {
    evaluator::RunStore* store;
    // nullptr: MLflow is off.
    OutboxFlusher* flusher;
    // Makes a client of its own for each status, because the flusher's may be in use for minutes.
    std::function<absl::StatusOr<std::unique_ptr<MlflowClient>>()> make_client;
  };
  explicit TrackingServiceImpl(Dependencies dependencies)
      : dependencies_(std::move(dependencies)) {}

  grpc::Status GetTrackingStatus(grpc::ServerContext* context,
                                 const assay::v1::GetTrackingStatusRequest* request,
                                 assay::v1::GetTrackingStatusResponse* response) override;
  grpc::Status FlushTracking(grpc::ServerContext* context,
                             const assay::v1::FlushTrackingRequest* request,
                             assay::v1::FlushTrackingResponse* response) override;

 private:
  absl::Status FillStatus(assay::v1::GetTrackingStatusResponse* response);
  absl::Status Flush(const CallContext& context, assay::v1::FlushTrackingResponse* response);
  absl::Status FillOutbox(assay::v1::Outbox* outbox);

  const Dependencies dependencies_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_TRACKING_SERVICE_H_
