// What the handler of a call can ask about it.
#include "server/rpc/server_call.h"

#include <chrono>
#include <utility>

#include "base/steady_time.h"
#include "server/access/caller.h"
#include "server/rpc/grpc_context.h"

namespace assay::server {
namespace {

// gRPC gives the deadline as a date, which it has computed just now from the time that is left.
SteadyTime DeadlineOf(const grpc::CallbackServerContext& call, absl::Duration default_deadline) {
  const SteadyTime now = SteadyTime::Now();
  if (call.deadline() == std::chrono::system_clock::time_point::max()) {
    return now + default_deadline;
  }
  return now + absl::FromChrono(call.deadline() - std::chrono::system_clock::now());
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

CallContext ServerCall::ContextOfCaller() const { return context_.For(ShareOf(caller())); }

absl::Status ServerCall::Check() const {
  if (call_->IsCancelled()) return absl::CancelledError("cancelled");
  return context_.Check();
}

void ServerCall::SendRequestId(const std::string& id) const {
  call_->AddInitialMetadata(kRequestIdKey, id);
}

}  // namespace assay::server
