// Reports every gRPC call when it ends.
#include "server/rpc/access_log.h"

#include <string_view>

#include "absl/time/clock.h"
#include "grpcpp/server_context.h"
#include "server/rpc/grpc_context.h"

namespace assay::server {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;

// Only generations have traces.
constexpr double kNoTraces = 0;

class CallInterceptor final : public grpc::experimental::Interceptor {
 public:
  CallInterceptor(grpc::experimental::ServerRpcInfo* call, const AccessLog::RecordFn& record)
      : call_(call),
        record_(record),
        start_(absl::Now()),
        reports_itself_(
            std::string_view(call->method()).starts_with("/assay.v1.InferenceService/Generate")) {}

  void Intercept(InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) {
      handled_ = batch->GetRecvMessage() != nullptr;
    }
    if (reports_itself_ && handled_) {
      batch->Proceed();
      return;
    }
    // The call has no peer yet when this object is constructed.
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
  const bool reports_itself_;
  // True once the message is parsed: the method's handler will receive it.
  bool handled_ = false;
};

}  // namespace

grpc::experimental::Interceptor* AccessLog::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* call) {
  return new CallInterceptor(call, record_);
}

}  // namespace assay::server
