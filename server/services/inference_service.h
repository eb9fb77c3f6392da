// The gRPC service assay.v1.InferenceService.
#ifndef ASSAY_SERVER_SERVICES_INFERENCE_SERVICE_H_
#define ASSAY_SERVER_SERVICES_INFERENCE_SERVICE_H_

#include "assay/v1/inference.grpc.pb.h"
#include "server/rpc/request_context.h"
#include "server/serving/generation.h"
#include "server/serving/likelihood.h"

namespace assay::server {

// Converts messages and statuses; GenerationService and LikelihoodService do the work. Thread-safe.
class InferenceServiceImpl final : public assay::v1::InferenceService::Service {
 public:
  // Both services must outlive this object. `sample_ratio` is the share of generations that are
  // traced if the caller sends no trace.
  InferenceServiceImpl(GenerationService* generation, LikelihoodService* likelihood,
                       double sample_ratio)
      : generation_(generation), likelihood_(likelihood), sample_ratio_(sample_ratio) {}

  grpc::Status Generate(grpc::ServerContext* context, const assay::v1::GenerateRequest* request,
                        assay::v1::GenerateResponse* response) override;
  grpc::Status GenerateStream(
      grpc::ServerContext* context, const assay::v1::GenerateRequest* request,
      grpc::ServerWriter<assay::v1::GenerateStreamResponse>* writer) override;
  grpc::Status Likelihood(grpc::ServerContext* context, const assay::v1::LikelihoodRequest* request,
                          assay::v1::LikelihoodResponse* response) override;

 private:
  // Returns the origin of the call and sends the caller the id of its request.
  RequestContext OriginOf(grpc::ServerContext* call, const char* method) const;

  GenerationService* const generation_;
  LikelihoodService* const likelihood_;
  const double sample_ratio_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_INFERENCE_SERVICE_H_
