// assay.v1.InferenceService over GenerationService.
#ifndef ASSAY_SERVER_SERVICES_INFERENCE_SERVICE_H_
#define ASSAY_SERVER_SERVICES_INFERENCE_SERVICE_H_

#include "assay/v1/inference.grpc.pb.h"
#include "server/generation.h"
#include "server/likelihood.h"

namespace assay::server {

// Thin: reads the deadline, calls, converts the status. Thread-safe.
class InferenceServiceImpl final : public assay::v1::InferenceService::Service {
 public:
  InferenceServiceImpl(GenerationService* generation, LikelihoodService* likelihood)
      : generation_(generation), likelihood_(likelihood) {}

  grpc::Status Generate(grpc::ServerContext* context, const assay::v1::GenerateRequest* request,
                        assay::v1::GenerateResponse* response) override;
  grpc::Status GenerateStream(
      grpc::ServerContext* context, const assay::v1::GenerateRequest* request,
      grpc::ServerWriter<assay::v1::GenerateStreamResponse>* writer) override;

  grpc::Status Likelihood(grpc::ServerContext* context, const assay::v1::LikelihoodRequest* request,
                          assay::v1::LikelihoodResponse* response) override;

 private:
  GenerationService* const generation_;
  LikelihoodService* const likelihood_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_INFERENCE_SERVICE_H_
