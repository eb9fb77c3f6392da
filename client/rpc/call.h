// Calls of the daemon's RPCs, unary and server-streaming.
#ifndef ASSAY_CLIENT_RPC_CALL_H_
#define ASSAY_CLIENT_RPC_CALL_H_

#include <memory>
#include <type_traits>
#include <utility>

#include "client/rpc/connection.h"
#include "client/terminal/interrupt.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "grpcpp/support/sync_stream.h"

namespace assay::client {

// A synchronous method of a generated stub, such as &v1::ModelService::Stub::ListModels.
template <typename Stub, typename Request, typename Reply>
using UnaryMethod = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Reply*);
template <typename Stub, typename Request, typename Event>
using StreamMethod = std::unique_ptr<grpc::ClientReader<Event>> (Stub::*)(grpc::ClientContext*,
                                                                          const Request&);

// Connects if the command has not connected yet, calls `method` and stores its reply. The call has
// the command's deadline and metadata, and Ctrl-C cancels it. Every status that is not OK can go to
// connection.ReportFailure().
//
//   v1::UnloadModelResponse reply;
//   const grpc::Status status =
//       Call(connection, &v1::ModelService::Stub::UnloadModel, request, &reply);
//   if (!status.ok()) return connection.ReportFailure(status);
template <typename Stub, typename Request, typename Reply>
grpc::Status Call(Connection& connection, UnaryMethod<Stub, Request, Reply> method,
                  const std::type_identity_t<Request>& request, Reply* reply) {
  if (grpc::Status status = connection.Connect(); !status.ok()) return status;
  Stub stub(connection.channel());
  grpc::ClientContext context;
  connection.Prepare(context);
  const WatchedCall watched(connection.interrupt(), context);
  return (stub.*method)(&context, request, reply);
}

// Does the same for a stream: calls `on_event` with each event, in this thread, until the stream
// ends. If `on_event` returns bool, false cancels the call, whose status is then OK.
template <typename Stub, typename Request, typename Event, typename OnEvent>
grpc::Status CallStream(Connection& connection, StreamMethod<Stub, Request, Event> method,
                        const std::type_identity_t<Request>& request, OnEvent&& on_event) {
  if (grpc::Status status = connection.Connect(); !status.ok()) return status;
  Stub stub(connection.channel());
  grpc::ClientContext context;
  connection.Prepare(context);
  const WatchedCall watched(connection.interrupt(), context);
  const std::unique_ptr<grpc::ClientReader<Event>> reader = (stub.*method)(&context, request);
  Event event;
  while (reader->Read(&event)) {
    if constexpr (std::is_same_v<std::invoke_result_t<OnEvent&, const Event&>, bool>) {
      if (on_event(std::as_const(event))) continue;
      context.TryCancel();
      (void)reader->Finish();
      return grpc::Status::OK;
    } else {
      on_event(std::as_const(event));
    }
  }
  return reader->Finish();
}

}  // namespace assay::client

#endif  // ASSAY_CLIENT_RPC_CALL_H_
