// The inputs of a command and the steps that commands share.
#ifndef ASSAY_CLIENT_COMMANDS_SESSION_H_
#define ASSAY_CLIENT_COMMANDS_SESSION_H_

#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "client/commands/arguments.h"
#include "client/rpc/call.h"
#include "client/rpc/connection.h"
#include "client/terminal/console.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/report.h"
#include "grpcpp/support/status.h"

namespace assay::client {

// The inputs of one command. Borrowed: the referents must outlive the command.
struct Session {
  const Arguments& arguments;
  Connection& connection;
  Streams& streams;
};

// Writes "assay: INVALID_ARGUMENT: message" to err, for input that never reached the server.
// Returns kExitUsage.
inline int ReportUsageError(const Session& session, const absl::Status& status) {
  session.streams.err << "assay: INVALID_ARGUMENT: " << OneLine(std::string(status.message()))
                      << "\n";
  return kExitUsage;
}

// Calls a unary `method` and prints the reply: as JSON with --json, otherwise by `print(reply)`.
// Returns the command's exit code.
template <typename Stub, typename Request, typename Reply, typename Print>
int CallAndPrint(const Session& session, UnaryMethod<Stub, Request, Reply> method,
                 const std::type_identity_t<Request>& request, const Print& print) {
  Reply reply;
  const grpc::Status status = Call(session.connection, method, request, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    print(reply);
  }
  return kExitOk;
}

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_SESSION_H_
