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
                  const AccessLog::ProgressFn& progress, ResetGuard* resets,
                  const AccessControl* access)
      : call_(call),
        record_(record),
        progress_(progress),
        resets_(resets),
        access_(access),
        start_(SteadyTime::Now()) {}

  void Intercept(InterceptorBatchMethods* batch) override {
    // The call has no peer yet when this object is constructed. Its key may be revoked before the
    // call ends.
    if (context_.method.empty()) Identify();
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) {
      handled_ = batch->GetRecvMessage() != nullptr;
      progress_(context_.peer);
    }
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS) && IsReset() &&
        !resets_->Count(context_.peer)) {
      batch->Proceed();
      return;
    }
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      auto* const metadata = batch->GetSendInitialMetadata();
      reports_itself_ = metadata->contains(kRequestIdKey);
      if (!reports_itself_) metadata->emplace(kRequestIdKey, context_.request_id);
    }
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS) &&
        !reports_itself_) {
      ExplainUnhandled(batch);
      record_({.context = context_,
               .key = key_,
               .status = batch->GetSendStatus(),
               .duration = SteadyTime::Now() - start_});
    }
    batch->Proceed();
  }

 private:
  void Identify() {
    const grpc::ServerContextBase& call = *call_->server_context();
    context_ = MakeRequestContext(call, call_->method(), kNoTraces);
    if (access_ != nullptr) key_ = access_->KeyIn(CredentialsOf(call, context_.peer));
  }

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
  PresentedKey key_;
  const AccessLog::RecordFn& record_;
  const AccessLog::ProgressFn& progress_;
  ResetGuard* const resets_;
  const AccessControl* const access_;
  const SteadyTime start_;
  // True once the handler has sent the request's id.
  bool reports_itself_ = false;
  // True once the message is parsed: the method's handler will receive it.
  bool handled_ = false;
};

}  // namespace

grpc::experimental::Interceptor* AccessLog::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* call) {
  return new CallInterceptor(call, record_, progress_, resets_, access_);
}

}  // namespace assay::server
