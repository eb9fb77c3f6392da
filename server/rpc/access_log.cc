// Reports every gRPC call when it ends.
#include "server/rpc/access_log.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/steady_time.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/server_context.h"
#include "server/rpc/grpc_context.h"

namespace assay::server {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;

// Only generations have traces.
constexpr double kNoTraces = 0;

// A call that is cancelled within this time was hardly worth starting. Under a flood, calls are
// noticed late.
constexpr absl::Duration kEarly = absl::Seconds(1);

grpc::Status MalformedError() {
  return {
      grpc::StatusCode::INTERNAL,
      "the message of the call is missing or cannot be parsed; compare the client's .proto files "
      "with the server's"};
}

grpc::Status UnknownMethodError(const std::string& name) {
  return {grpc::StatusCode::UNIMPLEMENTED, absl::StrCat("this server has no method ", name,
                                                        "; compare its version with the client's")};
}

// True if assay.v1 has the method, given as "/package.Service/Method".
bool IsMethod(std::string_view name) {
  if (!name.starts_with("/assay.v1.")) return false;
  std::string path(name.substr(1));
  std::replace(path.begin(), path.end(), '/', '.');
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(path) != nullptr;
}

class CallInterceptor final : public grpc::experimental::Interceptor {
 public:
  CallInterceptor(grpc::experimental::ServerRpcInfo* call, const AccessLog::RecordFn& record,
                  const AccessLog::ProgressFn& progress, ResetGuard* resets)
      : call_(call),
        record_(record),
        progress_(progress),
        resets_(resets),
        start_(SteadyTime::Now()),
        reports_itself_(
            std::string_view(call->method()).starts_with("/assay.v1.InferenceService/Generate")) {}

  void Intercept(InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) {
      handled_ = batch->GetRecvMessage() != nullptr;
      progress_(call_->server_context()->peer());
    }
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS) && IsReset() &&
        !resets_->Count(call_->server_context()->peer())) {
      batch->Proceed();
      return;
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
      ExplainUnhandled(batch);
      record_({.context = context_,
               .status = batch->GetSendStatus(),
               .duration = SteadyTime::Now() - start_});
    }
    batch->Proceed();
  }

 private:
  // True if the caller cancelled the call before its message arrived, or soon after its start.
  // gRPC does not say that a call without a message was cancelled.
  bool IsReset() const {
    if (!handled_) return true;
    return call_->server_context()->IsCancelled() && SteadyTime::Now() - start_ < kEarly;
  }

  // gRPC's callback API answers UNIMPLEMENTED to a call whose message cannot be parsed, as to a
  // call of a method that the server does not have.
  void ExplainUnhandled(InterceptorBatchMethods* batch) const {
    if (handled_ || batch->GetSendStatus().error_code() != grpc::StatusCode::UNIMPLEMENTED) return;
    batch->ModifySendStatus(IsMethod(call_->method()) ? MalformedError()
                                                      : UnknownMethodError(call_->method()));
  }

  grpc::experimental::ServerRpcInfo* const call_;
  RequestContext context_;
  const AccessLog::RecordFn& record_;
  const AccessLog::ProgressFn& progress_;
  ResetGuard* const resets_;
  const SteadyTime start_;
  const bool reports_itself_;
  // True once the message is parsed: the method's handler will receive it.
  bool handled_ = false;
};

}  // namespace

grpc::experimental::Interceptor* AccessLog::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* call) {
  return new CallInterceptor(call, record_, progress_, resets_);
}

}  // namespace assay::server
