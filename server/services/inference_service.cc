// assay.v1.InferenceService over GenerationService.
#include "server/services/inference_service.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "server/rpc/grpc_status.h"
#include "server/rpc/route_proto.h"

namespace assay::server {
namespace {

using assay::v1::GenerateRequest;
using assay::v1::GenerateResponse;
using assay::v1::GenerateStreamResponse;

constexpr char kUnaryMethod[] = "assay.v1.InferenceService/Generate";
constexpr char kStreamMethod[] = "assay.v1.InferenceService/GenerateStream";

class CallObserver : public GenerationObserver {
 public:
  explicit CallObserver(const grpc::ServerContext& context) : context_(context) {}
  bool Cancelled() override { return context_.IsCancelled(); }

 private:
  const grpc::ServerContext& context_;
};

class StreamObserver final : public CallObserver {
 public:
  StreamObserver(const grpc::ServerContext& context,
                 grpc::ServerWriter<GenerateStreamResponse>* writer)
      : CallObserver(context), writer_(writer) {}

  void OnRouted(const registry::RouteDecision& route) override {
    GenerateStreamResponse event;
    event.mutable_started()->set_model(route.model);
    ToProto(route, event.mutable_started()->mutable_route());
    writer_->Write(event);
  }

  bool OnText(const engine::TextEvent& text) override {
    GenerateStreamResponse event;
    event.mutable_delta()->set_text(text.text);
    event.mutable_delta()->mutable_tokens()->Assign(text.tokens.begin(), text.tokens.end());
    return writer_->Write(event);
  }

 private:
  grpc::ServerWriter<GenerateStreamResponse>* const writer_;
};

}  // namespace

RequestContext InferenceServiceImpl::ContextOf(grpc::ServerContext* call,
                                               const char* method) const {
  RequestContext context = MakeRequestContext(*call, method, sample_ratio_);
  call->AddInitialMetadata(kRequestIdKey, context.request_id);
  return context;
}

grpc::Status InferenceServiceImpl::Generate(grpc::ServerContext* context,
                                            const GenerateRequest* request,
                                            GenerateResponse* response) {
  CallObserver observer(*context);
  return ToGrpcStatus(generation_->Generate(*request, absl::FromChrono(context->deadline()),
                                            &observer, response, ContextOf(context, kUnaryMethod)));
}

grpc::Status InferenceServiceImpl::GenerateStream(
    grpc::ServerContext* context, const GenerateRequest* request,
    grpc::ServerWriter<GenerateStreamResponse>* writer) {
  StreamObserver observer(*context, writer);
  GenerateStreamResponse last;
  const absl::Status status =
      generation_->Generate(*request, absl::FromChrono(context->deadline()), &observer,
                            last.mutable_completed(), ContextOf(context, kStreamMethod));
  if (!status.ok()) return ToGrpcStatus(status);
  writer->Write(last);
  return grpc::Status::OK;
}

grpc::Status InferenceServiceImpl::Likelihood(grpc::ServerContext* context,
                                              const assay::v1::LikelihoodRequest* request,
                                              assay::v1::LikelihoodResponse* response) {
  return ToGrpcStatus(likelihood_->Read(*request,
                                        CallContext([context] { return context->IsCancelled(); },
                                                    absl::FromChrono(context->deadline())),
                                        response));
}

}  // namespace assay::server
