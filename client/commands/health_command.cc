// assay health.
#include <string>

#include "absl/strings/str_cat.h"
#include "client/commands/commands.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace assay::client {

using ::grpc::health::v1::HealthCheckRequest;
using ::grpc::health::v1::HealthCheckResponse;

int Health(const Session& session) {
  const std::string& model = session.arguments.id;
  HealthCheckRequest request;
  request.set_service(model);
  HealthCheckResponse reply;
  grpc::Status status =
      Call(session.connection, &::grpc::health::v1::Health::Stub::Check, request, &reply);
  // gRPC's health service sends NOT_FOUND without a message.
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
