// Runs the handlers of gRPC's callback API on threads of the server.
#ifndef ASSAY_SERVER_RPC_CALL_RUNNER_H_
#define ASSAY_SERVER_RPC_CALL_RUNNER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/access/access_control.h"
#include "server/access/audit_log.h"
#include "server/rpc/handler_threads.h"
#include "server/rpc/message_writer.h"
#include "server/rpc/open_calls.h"
#include "server/rpc/request_progress.h"
#include "server/rpc/running_call.h"
#include "server/rpc/server_call.h"

namespace assay::server {

struct CallLimits {
  // The most handlers that run at the same time, and how many of these threads are kept for quick
  // calls.
  int max_handlers = 256;
  int quick_handlers = 64;
  // The deadline of calls whose caller sets none, except of CallKind::kWatch.
  absl::Duration default_deadline = absl::Minutes(1);
  // A call whose reply waits longer for its reader is cancelled.
  absl::Duration write_timeout = absl::Seconds(30);
  // The most bytes that the requests and the unread replies of all calls may hold.
  int64_t max_message_bytes = int64_t{256} << 20;
};

// The parts of a method's full name.
struct MethodName {
  const char* service;
  const char* method;
};

// Runs each handler on a thread, where it may block. The reply is sent without a thread: a caller
// that does not read its replies holds memory, at most `max_message_bytes` of all callers together,
// for at most `write_timeout`.
//
// A service derives from the generated CallbackService, has a constant kService
// (ModelService::service_full_name()), and two functions for each method:
//
//   grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context,
//                                      const GetModelRequest* request, Model* reply) override {
//     return calls_->Unary(context, {kService, __func__}, CallKind::kQuick, this,
//                          &ModelServiceImpl::GetModel, request, reply);
//   }
//   absl::Status GetModel(const ServerCall& call, const GetModelRequest& request, Model* reply);
//
// Callers that may not make the call are refused first. What only administrators may call is
// written to the audit log. A call is refused with RESOURCE_EXHAUSTED if no thread is free for it
// or the messages of all calls hold too many bytes. Thread-safe. The destructor blocks until all
// handlers have returned; the gRPC server must be shut down before.
class CallRunner {
 public:
  // The others must outlive this object. `audit` and `progress`, which learns of the requests of
  // known callers, may be null.
  CallRunner(const CallLimits& limits, const AccessControl* access, AuditLog* audit,
             RequestProgress* progress);

  template <typename Service, typename Request, typename Reply>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, MethodName method,
                                  CallKind kind, Service* service,
                                  absl::Status (Service::*handler)(const ServerCall&,
                                                                   const Request&, Reply*),
                                  const Request* request, Reply* reply) {
    const auto call =
        std::make_shared<UnaryCall>(MakeCall(context, method, kind), &open_calls_, reply);
    Start(call, kind, *request,
          [=](const ServerCall& running) { return (service->*handler)(running, *request, reply); });
    return call.get();
  }

  template <typename Service, typename Request, typename Message>
  grpc::ServerWriteReactor<Message>* Stream(
      grpc::CallbackServerContext* context, MethodName method, CallKind kind, Service* service,
      absl::Status (Service::*handler)(const ServerCall&, const Request&, MessageWriter<Message>*),
      const Request* request) {
    const auto call =
        std::make_shared<StreamCall<Message>>(MakeCall(context, method, kind), &open_calls_);
    Start(call, kind, *request, [=, writer = call.get()](const ServerCall& running) {
      return (service->*handler)(running, *request, writer);
    });
    return call.get();
  }

  // Cancels every running call. Their handlers end as soon as they notice.
  void CancelAll() { open_calls_.CancelAll(); }

 private:
  ServerCall MakeCall(grpc::CallbackServerContext* context, const MethodName& method,
                      CallKind kind) const;
  void Start(const std::shared_ptr<RunningCall>& call, CallKind kind,
             const google::protobuf::Message& request, RunningCall::Handler handler);
  // What only administrators may call is audited, if there is an audit log.
  bool IsAudited(const ServerCall& call) const;
  // Returns a handler that writes an audited call to the log when it ends. `request` is gRPC's, and
  // lives until then.
  RunningCall::Handler Audited(RunningCall::Handler handler,
                               const google::protobuf::Message& request) const;
  void Audit(const ServerCall& call, const google::protobuf::Message& request,
             const absl::Status& status, absl::Duration duration) const;

  const CallLimits limits_;
  const AccessControl* const access_;
  AuditLog* const audit_;
  RequestProgress* const progress_;
  OpenCalls open_calls_;
  HandlerThreads threads_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_RPC_CALL_RUNNER_H_
