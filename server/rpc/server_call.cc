// What the handler of a call can ask about it.
#include "server/rpc/server_call.h"

#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "server/rpc/grpc_context.h"

namespace assay::server {
namespace {

absl::Time DeadlineOf(const grpc::CallbackServerContext& call, absl::Duration default_deadline) {
  if (call.deadline() != std::chrono::system_clock::time_point::max()) {
    return absl::FromChrono(call.deadline());
  }
  return default_deadline == absl::InfiniteDuration() ? absl::InfiniteFuture()
                                                      : absl::Now() + default_deadline;
}

}  // namespace

ServerCall::ServerCall(grpc::CallbackServerContext* call, std::string method,
                       absl::Duration default_deadline, AccessControl::Decision access)
    : call_(call),
      method_(std::move(method)),
      cancelled_(std::make_shared<std::atomic<bool>>(false)),
      context_([cancelled = cancelled_] { return cancelled->load(); },
               DeadlineOf(*call, default_deadline)),
      access_(std::make_shared<const AccessControl::Decision>(std::move(access))) {}

RequestContext ServerCall::Origin(double sample_ratio) const {
  RequestContext origin = MakeRequestContext(*call_, method_, sample_ratio);
  origin.caller = caller();
  return origin;
}

absl::Status ServerCall::Check() const {
  if (call_->IsCancelled()) return absl::CancelledError("cancelled");
  return context_.Check();
}

void ServerCall::SendRequestId(const std::string& id) const {
  call_->AddInitialMetadata(kRequestIdKey, id);
}

}  // namespace assay::server
