// The gRPC service assay.v1.InferenceService.
#ifndef ASSAY_SERVER_SERVICES_INFERENCE_SERVICE_H_
#define ASSAY_SERVER_SERVICES_INFERENCE_SERVICE_H_

#include "absl/status/status.h"
#include "assay/v1/inference.grpc.pb.h"
#include "server/rpc/call_runner.h"
#include "server/rpc/request_context.h"
#include "server/serving/generation.h"
#include "server/serving/likelihood.h"

namespace assay::server {

// Converts messages and statuses; GenerationService and LikelihoodService do the work. Thread-safe.
class InferenceServiceImpl final : public assay::v1::InferenceService::CallbackService {
 public:
  // `calls` runs the calls. Every pointer must outlive the service. `sample_ratio` is the share of
  // generations that are traced if the caller sends no trace.
  InferenceServiceImpl(CallRunner* calls, GenerationService* generation,
                       LikelihoodService* likelihood, double sample_ratio)
      : calls_(calls),
        generation_(generation),
        likelihood_(likelihood),
        sample_ratio_(sample_ratio) {}

  grpc::ServerUnaryReactor* Generate(grpc::CallbackServerContext* context,
                                     const assay::v1::GenerateRequest* request,
                                     assay::v1::GenerateResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &InferenceServiceImpl::Generate, request, response);
  }
  grpc::ServerWriteReactor<assay::v1::GenerateStreamResponse>* GenerateStream(
      grpc::CallbackServerContext* context, const assay::v1::GenerateRequest* request) override {
    return calls_->Stream(context, {kService, __func__}, CallKind::kWork, this,
                          &InferenceServiceImpl::GenerateStream, request);
  }
  grpc::ServerUnaryReactor* Likelihood(grpc::CallbackServerContext* context,
                                       const assay::v1::LikelihoodRequest* request,
                                       assay::v1::LikelihoodResponse* response) override {
    return calls_->Unary(context, {kService, __func__}, CallKind::kWork, this,
                         &InferenceServiceImpl::Likelihood, request, response);
  }

 private:
  static constexpr const char* kService = assay::v1::InferenceService::service_full_name();

  absl::Status Generate(const ServerCall& call, const assay::v1::GenerateRequest& request,
                        assay::v1::GenerateResponse* response);
  absl::Status GenerateStream(const ServerCall& call, const assay::v1::GenerateRequest& request,
                              MessageWriter<assay::v1::GenerateStreamResponse>* writer);
  absl::Status Likelihood(const ServerCall& call, const assay::v1::LikelihoodRequest& request,
                          assay::v1::LikelihoodResponse* response);

  // Returns the origin of the call and sends the caller the id of its request.
  RequestContext OriginOf(const ServerCall& call) const;

  CallRunner* const calls_;
  GenerationService* const generation_;
  LikelihoodService* const likelihood_;
  const double sample_ratio_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVICES_INFERENCE_SERVICE_H_
