// The gRPC service assay.v1.InferenceService.
#include "server/services/inference_service.h"

#include "absl/status/statusor.h"
#include "server/rpc/grpc_context.h"
#include "server/rpc/grpc_status.h"
#include "server/services/inference_proto.h"
#include "server/services/route_proto.h"

namespace assay::server {
namespace {

using assay::v1::GenerateRequest;
using assay::v1::GenerateResponse;
using assay::v1::GenerateStreamResponse;

constexpr char kUnaryMethod[] = "assay.v1.InferenceService/Generate";
constexpr char kStreamMethod[] = "assay.v1.InferenceService/GenerateStream";

// Writes the events of a generation to the stream of its caller.
class StreamObserver final : public GenerationObserver {
 public:
  explicit StreamObserver(grpc::ServerWriter<GenerateStreamResponse>* writer) : writer_(writer) {}

  void OnStarted(const registry::RouteDecision& route, const registry::Handle& /*model*/) override {
    GenerateStreamResponse event;
    event.mutable_started()->set_model(route.model);
    ToProto(route, event.mutable_started()->mutable_route());
    writer_->Write(event);
  }

  bool OnText(const TextDelta& delta) override {
    GenerateStreamResponse event;
    ToProto(delta, event.mutable_delta());
    return writer_->Write(event);
  }

 private:
  grpc::ServerWriter<GenerateStreamResponse>* const writer_;
};

}  // namespace

RequestContext InferenceServiceImpl::OriginOf(grpc::ServerContext* call, const char* method) const {
  RequestContext origin = MakeRequestContext(*call, method, sample_ratio_);
  call->AddInitialMetadata(kRequestIdKey, origin.request_id);
  return origin;
}

grpc::Status InferenceServiceImpl::Generate(grpc::ServerContext* context,
                                            const GenerateRequest* request,
                                            GenerateResponse* response) {
  const RequestContext origin = OriginOf(context, kUnaryMethod);
  const absl::StatusOr<GenerateResult> result = generation_->Generate(
      ToCall(*request), MakeCallContext(*context), /*observer=*/nullptr, origin);
  if (!result.ok()) return ToGrpcStatus(result.status());
  ToProto(*result, response);
  response->set_request_id(origin.request_id);
  return grpc::Status::OK;
}

grpc::Status InferenceServiceImpl::GenerateStream(
    grpc::ServerContext* context, const GenerateRequest* request,
    grpc::ServerWriter<GenerateStreamResponse>* writer) {
  StreamObserver observer(writer);
  const RequestContext origin = OriginOf(context, kStreamMethod);
  const absl::StatusOr<GenerateResult> result =
      generation_->Generate(ToCall(*request), MakeCallContext(*context), &observer, origin);
  if (!result.ok()) return ToGrpcStatus(result.status());
  GenerateStreamResponse last;
  ToProto(*result, last.mutable_completed());
  last.mutable_completed()->set_request_id(origin.request_id);
  writer->Write(last);
  return grpc::Status::OK;
}

grpc::Status InferenceServiceImpl::Likelihood(grpc::ServerContext* context,
                                              const assay::v1::LikelihoodRequest* request,
                                              assay::v1::LikelihoodResponse* response) {
  const absl::StatusOr<LikelihoodResult> result =
      likelihood_->Compute(ToCall(*request), MakeCallContext(*context));
  if (!result.ok()) return ToGrpcStatus(result.status());
  ToProto(*result, response);
  return grpc::Status::OK;
}

}  // namespace assay::server
