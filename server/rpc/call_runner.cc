// Runs the handlers of gRPC's callback API on threads of the server.
#include "server/rpc/call_runner.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/steady_time.h"
#include "google/protobuf/util/json_util.h"
#include "server/access/method_roles.h"
#include "server/rpc/grpc_context.h"
#include "server/rpc/grpc_status.h"

namespace assay::server {

CallRunner::CallRunner(const CallLimits& limits, const AccessControl* access, AuditLog* audit,
                       RequestProgress* progress)
    : limits_(limits),
      access_(access),
      audit_(audit),
      progress_(progress),
      open_calls_(limits.write_timeout, limits.max_message_bytes),
      threads_(limits.max_handlers) {}

ServerCall CallRunner::MakeCall(grpc::CallbackServerContext* context, const MethodName& method,
                                CallKind kind) const {
  std::string name = absl::StrCat(method.service, "/", method.method);
  const std::string peer = context->peer();
  AccessControl::Decision access =
      access_->Admit(CredentialsOf(*context, peer), RolesOf(name), name);
  return ServerCall(context, std::move(name),
                    kind == CallKind::kWatch ? absl::InfiniteDuration() : limits_.default_deadline,
                    std::move(access));
}

bool CallRunner::IsAudited(const ServerCall& call) const {
  return audit_ != nullptr && RolesOf(call.method()) == Roles{Role::kAdmin};
}

void CallRunner::Audit(const ServerCall& call, const google::protobuf::Message& request,
                       const absl::Status& status, absl::Duration duration) const {
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(request, &json);
  audit_->Write({.time = absl::Now(),
                 .method = call.method(),
                 .caller = call.caller().id,
                 .key = call.caller().name,
                 .peer = call.peer(),
                 .request = std::move(json),
                 .status = status,
                 .duration = duration});
}

RunningCall::Handler CallRunner::Audited(RunningCall::Handler handler,
                                         const google::protobuf::Message& request) const {
  return [this, &request, handler = std::move(handler)](const ServerCall& running) {
    const absl::Duration start = SteadyNow();
    absl::Status status = absl::InternalError("the call ended by an exception");
    const absl::Cleanup audit = [&] { Audit(running, request, status, SteadyNow() - start); };
    return status = handler(running);
  };
}

void CallRunner::Start(const std::shared_ptr<RunningCall>& call, CallKind kind,
                       const google::protobuf::Message& request, RunningCall::Handler handler) {
  const size_t bytes = request.ByteSizeLong();
  const bool fits = call->Open(static_cast<int64_t>(bytes));
  const AccessControl::Decision& access = call->server_call().access();
  if (progress_ != nullptr && !absl::IsUnauthenticated(access.status)) {
    progress_->Add(call->server_call().peer(), bytes);
  }
  if (!access.status.ok()) {
    // Callers without a key could fill the log, and so could those with one.
    const std::shared_ptr<KeyMeter>& meter = access.caller.meter;
    if (!absl::IsUnauthenticated(access.status) &&
        (meter == nullptr || meter->CountDenial(SteadyNow())) && IsAudited(call->server_call())) {
      Audit(call->server_call(), request, access.status, absl::ZeroDuration());
    }
    absl::Status refused = access.status;
    if (access.retry_after > absl::ZeroDuration()) SetRetryDelay(access.retry_after, &refused);
    return call->Refuse(refused);
  }
  if (!fits) {
    call->Refuse(absl::ResourceExhaustedError(
        absl::StrCat("the messages of ", open_calls_.size(), " open calls hold ",
                     open_calls_.bytes() >> 20, " of ", open_calls_.max_bytes() >> 20,
                     " MiB, and this request does not fit; retry later")));
    return;
  }
  if (const absl::Status status = call->Check(); !status.ok()) {
    // Not worth a thread.
    call->Refuse(status);
    return;
  }
  const int keep_free = kind == CallKind::kQuick ? 0 : limits_.quick_handlers;
  if (IsAudited(call->server_call())) handler = Audited(std::move(handler), request);
  const bool started =
      threads_.Run([call, handler = std::move(handler)] { call->Run(handler); }, keep_free);
  if (started) return;
  call->Refuse(absl::ResourceExhaustedError(
      absl::StrCat("the server runs as many calls as its threads allow (",
                   limits_.max_handlers - keep_free, "); retry later")));
}

}  // namespace assay::server
