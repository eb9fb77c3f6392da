// What the handler of a call can ask about it.
#ifndef ASSAY_SERVER_RPC_SERVER_CALL_H_
#define ASSAY_SERVER_RPC_SERVER_CALL_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "grpcpp/server_context.h"
#include "server/access/access_control.h"
#include "server/rpc/request_context.h"

namespace assay::server {

// How long a call's handler may hold a thread.
enum class CallKind {
  // A short time. Some threads are kept for these calls.
  kQuick,
  // As long as the call's deadline.
  kWork,
  // As long as the work that it shows, which may take hours: loads, downloads, evaluations. Such a
  // call has no deadline unless its caller sets one.
  kWatch,
};

// One call, while its handler runs. Thread-safe.
class ServerCall {
 public:
  // `method` is the full name without a leading slash. `default_deadline` applies to callers that
  // set none. `access` says who calls and whether it may. `call` must outlive this object.
  ServerCall(grpc::CallbackServerContext* call, std::string method, absl::Duration default_deadline,
             AccessControl::Decision access);

  // Its copies may outlive the call.
  const CallContext& context() const { return context_; }
  // Returns the same context with the caller, for work that shares a queue with that of others.
  CallContext ContextOfCaller() const;
  const std::string& method() const { return method_; }
  // Returns the caller's address as gRPC formats it.
  std::string peer() const { return call_->peer(); }
  // The outcome of the check of access, and who calls.
  const AccessControl::Decision& access() const { return *access_; }
  const Caller& caller() const { return access_->caller; }

  // Returns the origin of the call. `sample_ratio` is the share of traces that are sampled if the
  // caller sends none.
  RequestContext Origin(double sample_ratio) const;
  // Sends the caller the id of its request together with the first message. Must be called before
  // anything is written.
  void SendRequestId(const std::string& id) const;

  // Like context().Check(), and asks gRPC too, which tells of a cancellation late.
  absl::Status Check() const;

  // Gives the call's place among those of its key free, before its reply is sent: a caller that has
  // the reply may send the next call.
  void EndAdmission() {
    if (access_->admission != nullptr) access_->admission->End();
  }
  void MarkCancelled() { *cancelled_ = true; }
  void TryCancel() { call_->TryCancel(); }

 private:
  grpc::CallbackServerContext* const call_;
  const std::string method_;
  const std::shared_ptr<std::atomic<bool>> cancelled_;
  const CallContext context_;
  // Shared by copies, because it holds the call's place among those of its key.
  const std::shared_ptr<const AccessControl::Decision> access_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_SERVER_CALL_H_
