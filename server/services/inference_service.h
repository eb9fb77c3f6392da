// assay.v1.InferenceService over GenerationService.
#ifndef ASSAY_SERVER_SERVICES_INFERENCE_SERVICE_H_
#define ASSAY_SERVER_SERVICES_INFERENCE_SERVICE_H_

#include "assay/v1/inference.grpc.pb.h"
#include "server/generation.h"

namespace assay::server {

// Thin: reads the deadline, calls, converts the status. Thread-safe.
class InferenceServiceImpl final : public assay::v1::InferenceService::Service {
 public:
  explicit InferenceServiceImpl(GenerationService* generation) : generation_(generation) {}

  grpc::Status Generate(grpc::ServerContext* context, const assay::v1::GenerateRequest* request,
                        assay::v1::GenerateResponse* response) override;
  grpc::Status GenerateStream(
      grpc::ServerContext* context, const assay::v1::GenerateRequest* request,
      grpc::ServerWriter<assay::v1::GenerateStreamResponse>* writer) override;

 private:
  GenerationService* const generation_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_INFERENCE_SERVICE_H_
