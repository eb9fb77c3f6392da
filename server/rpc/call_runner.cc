// Runs the handlers of gRPC's callback API on threads of the server.
#include "server/rpc/call_runner.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace assay::server {

CallRunner::CallRunner(const CallLimits& limits)
    : limits_(limits),
      open_calls_(limits.write_timeout, limits.max_message_bytes),
      threads_(limits.max_handlers) {}

ServerCall CallRunner::MakeCall(grpc::CallbackServerContext* context, const MethodName& method,
                                CallKind kind) const {
  return ServerCall(context, absl::StrCat(method.service, "/", method.method),
                    kind == CallKind::kWatch ? absl::InfiniteDuration() : limits_.default_deadline);
}

void CallRunner::Start(const std::shared_ptr<RunningCall>& call, CallKind kind,
                       int64_t request_bytes, RunningCall::Handler handler) {
  if (!call->Open(request_bytes)) {
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
  const bool started =
      threads_.Run([call, handler = std::move(handler)] { call->Run(handler); }, keep_free);
  if (started) return;
  call->Refuse(absl::ResourceExhaustedError(
      absl::StrCat("the server runs as many calls as its threads allow (",
                   limits_.max_handlers - keep_free, "); retry later")));
}

}  // namespace assay::server
