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
#include "server/rpc/call_runner.h"

namespace assay::server {

// Shows the outbox to MLflow and flushes it on demand. Thread-safe; a status and a flush may run at
// the same time.
class TrackingServiceImpl final : public assay::v1::TrackingService::CallbackService {
 public:
  // The pointers must outlive the service.
  struct Dependencies {
    evaluator::RunStore* store;
    // nullptr: MLflow is off.
    OutboxFlusher* flusher;
    // Makes a client of its own for each status, because the flusher's may be in use for minutes.
    std::function<absl::StatusOr<std::unique_ptr<MlflowClient>>()> make_client;
  };
  // `calls` runs the calls. Every pointer must outlive the service.
  TrackingServiceImpl(CallRunner* calls, Dependencies dependencies)
      : calls_(calls), dependencies_(std::move(dependencies)) {}

  grpc::ServerUnaryReactor* GetTrackingStatus(
      grpc::CallbackServerContext* context, const assay::v1::GetTrackingStatusRequest* request,
      assay::v1::GetTrackingStatusResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &TrackingServiceImpl::GetTrackingStatus, request, response);
  }
  grpc::ServerUnaryReactor* FlushTracking(grpc::CallbackServerContext* context,
                                          const assay::v1::FlushTrackingRequest* request,
                                          assay::v1::FlushTrackingResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWatch, this,
                         &TrackingServiceImpl::FlushTracking, request, response);
  }

 private:
  static constexpr const char* kService = assay::v1::TrackingService::service_full_name();

  absl::Status GetTrackingStatus(const ServerCall& call,
                                 const assay::v1::GetTrackingStatusRequest& request,
                                 assay::v1::GetTrackingStatusResponse* response);
  absl::Status FlushTracking(const ServerCall& call, const assay::v1::FlushTrackingRequest& request,
                             assay::v1::FlushTrackingResponse* response);

  absl::Status FillStatus(assay::v1::GetTrackingStatusResponse* response);
  absl::Status Flush(const CallContext& context, assay::v1::FlushTrackingResponse* response);
  absl::Status FillOutbox(assay::v1::Outbox* outbox);

  CallRunner* const calls_;
  const Dependencies dependencies_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_TRACKING_SERVICE_H_
