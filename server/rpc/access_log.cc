// Every call of gRPC's, seen when it ends.
#include "server/rpc/access_log.h"

#include <string_view>

#include "absl/time/clock.h"
#include "grpcpp/server_context.h"

namespace assay::server {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;

// Traces are made of generations alone.
constexpr double kNoTraces = 0;

class Watch final : public grpc::experimental::Interceptor {
 public:
  Watch(grpc::experimental::ServerRpcInfo* call, const AccessLog::RecordFn& record)
      : call_(call),
        record_(record),
        start_(absl::Now()),
        tells_itself_(
            std::string_view(call->method()).starts_with("/assay.v1.InferenceService/Generate")) {}

  void Intercept(InterceptorBatchMethods* batch) override {
    // Not before: the call has no peer when this object is made.
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) {
      handled_ = batch->GetRecvMessage() != nullptr;
    }
    if (tells_itself_ && handled_) {
      batch->Proceed();
      return;
    }
    if (context_.method.empty()) {
      context_ = MakeRequestContext(*call_->server_context(), call_->method(), kNoTraces);
    }
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      batch->GetSendInitialMetadata()->emplace(kRequestIdKey, context_.request_id);
    }
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      record_({.context = context_,
               .status = batch->GetSendStatus(),
               .duration = absl::Now() - start_});
    }
    batch->Proceed();
  }

 private:
  grpc::experimental::ServerRpcInfo* const call_;
  RequestContext context_;
  const AccessLog::RecordFn& record_;
  const absl::Time start_;
  const bool tells_itself_;
  // The message could be read, so that the method's handler has it.
  bool handled_ = false;
};

}  // namespace

grpc::experimental::Interceptor* AccessLog::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* call) {
  return new Watch(call, record_);
}

}  // namespace assay::server
