// The gRPC service assay.v1.InferenceService.
#include "server/services/inference_service.h"

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "server/serving/token_charge.h"
#include "server/wire/inference_proto.h"
#include "server/wire/route_proto.h"

namespace assay::server {
namespace {

using assay::v1::GenerateRequest;
using assay::v1::GenerateResponse;
using assay::v1::GenerateStreamResponse;

// Writes the events of a generation to the stream of its caller.
class StreamObserver final : public GenerationObserver {
 public:
  explicit StreamObserver(MessageWriter<GenerateStreamResponse>* writer) : writer_(writer) {}

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
  MessageWriter<GenerateStreamResponse>* const writer_;
};

}  // namespace

RequestContext InferenceServiceImpl::OriginOf(const ServerCall& call) const {
  RequestContext origin = call.Origin(sample_ratio_);
  call.SendRequestId(origin.request_id);
  return origin;
}

absl::Status InferenceServiceImpl::Generate(const ServerCall& call, const GenerateRequest& request,
                                            GenerateResponse* response) {
  const RequestContext origin = OriginOf(call);
  const absl::StatusOr<GenerateResult> result =
      generation_->Generate(ToCall(request), call.context(), /*observer=*/nullptr, origin);
  RETURN_IF_ERROR(result.status());
  ToProto(*result, response);
  response->set_request_id(origin.request_id);
  return absl::OkStatus();
}

absl::Status InferenceServiceImpl::GenerateStream(const ServerCall& call,
                                                  const GenerateRequest& request,
                                                  MessageWriter<GenerateStreamResponse>* writer) {
  StreamObserver observer(writer);
  const RequestContext origin = OriginOf(call);
  const absl::StatusOr<GenerateResult> result =
      generation_->Generate(ToCall(request), call.context(), &observer, origin);
  RETURN_IF_ERROR(result.status());
  GenerateStreamResponse last;
  ToProto(*result, last.mutable_completed());
  last.mutable_completed()->set_request_id(origin.request_id);
  writer->Write(last);
  return absl::OkStatus();
}

absl::Status InferenceServiceImpl::Likelihood(const ServerCall& call,
                                              const assay::v1::LikelihoodRequest& request,
                                              assay::v1::LikelihoodResponse* response) {
  RETURN_IF_ERROR(call.caller().CheckModel(request.model()));
  const absl::StatusOr<LikelihoodResult> result =
      likelihood_->Compute(ToCall(request), call.ContextOfCaller());
  RETURN_IF_ERROR(result.status());
  // The context is read too, and has no count of its own.
  ChargeTokens(call.caller(), EstimateTokens(request.ByteSizeLong()));
  ToProto(*result, response);
  return absl::OkStatus();
}

}  // namespace assay::server
