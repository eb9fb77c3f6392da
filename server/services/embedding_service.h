// The gRPC service assay.v1.EmbeddingService.
#ifndef ASSAY_SERVER_SERVICES_EMBEDDING_SERVICE_H_
#define ASSAY_SERVER_SERVICES_EMBEDDING_SERVICE_H_

#include "absl/status/status.h"
#include "assay/v1/embedding.grpc.pb.h"
#include "server/rpc/call_runner.h"
#include "server/serving/embedding.h"

namespace assay::server {

// Converts messages and statuses; EmbeddingService does the work. Thread-safe.
class EmbeddingServiceImpl final : public assay::v1::EmbeddingService::CallbackService {
 public:
  // `calls` runs the calls. Every pointer must outlive the service.
  EmbeddingServiceImpl(CallRunner* calls, EmbeddingService* embedding)
      : calls_(calls), embedding_(embedding) {}

  grpc::ServerUnaryReactor* Embed(grpc::CallbackServerContext* context,
                                  const assay::v1::EmbedRequest* request,
                                  assay::v1::EmbedResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &EmbeddingServiceImpl::Embed, request, response);
  }

 private:
  static constexpr const char* kService = assay::v1::EmbeddingService::service_full_name();

  absl::Status Embed(const ServerCall& call, const assay::v1::EmbedRequest& request,
                     assay::v1::EmbedResponse* response);

  CallRunner* const calls_;
  EmbeddingService* const embedding_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_EMBEDDING_SERVICE_H_
