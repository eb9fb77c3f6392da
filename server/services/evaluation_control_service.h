// The gRPC service assay.v1.EvaluationControlService.
#ifndef ASSAY_SERVER_SERVICES_EVALUATION_CONTROL_SERVICE_H_
#define ASSAY_SERVER_SERVICES_EVALUATION_CONTROL_SERVICE_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "assay/v1/evaluation_control.grpc.pb.h"
#include "server/rpc/call_runner.h"
#include "server/upkeep/evaluation_deleter.h"

namespace assay::server {

// Deletes evaluations. Thread-safe.
class EvaluationControlServiceImpl final
    : public assay::v1::EvaluationControlService::CallbackService {
 public:
  // The pointers must outlive the service.
  struct Dependencies {
    EvaluationDeleter* deleter;
    // evaluation.max_stored.
    int64_t max_stored_bytes = 0;
    // False: results that wait to be sent are not mentioned, because MLflow is off.
    bool uses_mlflow = false;
    // Called when space is left to give back after a call.
    std::function<void()> wake_upkeep;
  };
  // `calls` runs the calls, and must outlive the service.
  EvaluationControlServiceImpl(CallRunner* calls, Dependencies dependencies)
      : calls_(calls), dependencies_(std::move(dependencies)) {}

  grpc::ServerUnaryReactor* DeleteEvaluations(
      grpc::CallbackServerContext* context, const assay::v1::DeleteEvaluationsRequest* request,
      assay::v1::DeleteEvaluationsResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &EvaluationControlServiceImpl::DeleteEvaluations, request, response);
  }

 private:
  static constexpr const char* kService = assay::v1::EvaluationControlService::service_full_name();

  absl::Status DeleteEvaluations(const ServerCall& call,
                                 const assay::v1::DeleteEvaluationsRequest& request,
                                 assay::v1::DeleteEvaluationsResponse* response);

  CallRunner* const calls_;
  const Dependencies dependencies_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_EVALUATION_CONTROL_SERVICE_H_
