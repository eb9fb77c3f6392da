// The gRPC service assay.v1.PromptLogService.
#ifndef ASSAY_SERVER_SERVICES_PROMPT_LOG_SERVICE_H_
#define ASSAY_SERVER_SERVICES_PROMPT_LOG_SERVICE_H_

#include "absl/status/status.h"
#include "assay/v1/prompt_log.grpc.pb.h"
#include "server/recording/prompt_recorder.h"
#include "server/rpc/call_runner.h"

namespace assay::server {

// Lists and deletes recorded prompts. Thread-safe.
class PromptLogServiceImpl final : public assay::v1::PromptLogService::CallbackService {
 public:
  // `calls` runs the calls. Every pointer must outlive the service.
  PromptLogServiceImpl(CallRunner* calls, PromptRecorder* recorder)
      : calls_(calls), recorder_(recorder) {}

  grpc::ServerUnaryReactor* ListPrompts(grpc::CallbackServerContext* context,
                                        const assay::v1::ListPromptsRequest* request,
                                        assay::v1::ListPromptsResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &PromptLogServiceImpl::ListPrompts, request, response);
  }
  grpc::ServerUnaryReactor* DeletePrompts(grpc::CallbackServerContext* context,
                                          const assay::v1::DeletePromptsRequest* request,
                                          assay::v1::DeletePromptsResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
                         &PromptLogServiceImpl::DeletePrompts, request, response);
  }

 private:
  static constexpr const char* kService = assay::v1::PromptLogService::service_full_name();

  absl::Status ListPrompts(const ServerCall& call, const assay::v1::ListPromptsRequest& request,
                           assay::v1::ListPromptsResponse* response);
  absl::Status DeletePrompts(const ServerCall& call, const assay::v1::DeletePromptsRequest& request,
                             assay::v1::DeletePromptsResponse* response);

  CallRunner* const calls_;
  PromptRecorder* const recorder_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_PROMPT_LOG_SERVICE_H_
