// The gRPC service assay.v1.PromptLogService.
#ifndef ASSAY_SERVER_SERVICES_PROMPT_LOG_SERVICE_H_
#define ASSAY_SERVER_SERVICES_PROMPT_LOG_SERVICE_H_

#include "assay/v1/prompt_log.grpc.pb.h"
#include "server/recording/prompt_recorder.h"

namespace assay::server {

// Lists and deletes recorded prompts. Thread-safe.
class PromptLogServiceImpl final : public assay::v1::PromptLogService::Service {
 public:
  // `recorder` must outlive this object.
  explicit PromptLogServiceImpl(PromptRecorder* recorder) : recorder_(recorder) {}

  grpc::Status ListPrompts(grpc::ServerContext* context,
                           const assay::v1::ListPromptsRequest* request,
                           assay::v1::ListPromptsResponse* response) override;
  grpc::Status DeletePrompts(grpc::ServerContext* context,
                             const assay::v1::DeletePromptsRequest* request,
                             assay::v1::DeletePromptsResponse* response) override;

 private:
  PromptRecorder* const recorder_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_PROMPT_LOG_SERVICE_H_
