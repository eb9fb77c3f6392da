// assay health.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/commands/commands.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/report.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace assay::client {

using ::grpc::health::v1::HealthCheckRequest;
using ::grpc::health::v1::HealthCheckResponse;

int Health(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const std::string& model = session.arguments.id;
  const auto stub = ::grpc::health::v1::Health::NewStub(session.connection.channel());
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  HealthCheckRequest request;
  request.set_service(model);
  HealthCheckResponse reply;
  grpc::Status status = stub->Check(&context, request, &reply);
  // gRPC's service does not say what it has not found.
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) {
    status = {grpc::StatusCode::NOT_FOUND, absl::StrCat("no model \"", model, "\"")};
  }
  if (!status.ok()) return session.connection.ReportFailure(status);
  const bool serves = reply.status() == HealthCheckResponse::SERVING;
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    session.streams.out << (serves ? "serving" : "not serving") << "\n";
  }
  return serves ? kExitOk : kExitFailed;
}

}  // namespace assay::client
