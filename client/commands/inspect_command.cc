// assay inspect.
#include <filesystem>
#include <ostream>
#include <string>
#include <system_error>

#include "absl/strings/match.h"
#include "assay/v1/model.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/terminal/inspection_tables.h"

namespace assay::client {
namespace {

// True if `target` cannot be a model's id.
bool IsPath(const std::string& target) {
  return absl::StrContains(target, "/") || absl::EndsWith(target, ".gguf") || target == "." ||
         target == "..";
}

}  // namespace

int Inspect(const Session& session) {
  const std::string& target = session.arguments.id;
  v1::InspectModelRequest request;
  if (IsPath(target)) {
    // The server's working directory differs from ours.
    std::error_code error;
    request.set_path(std::filesystem::absolute(target, error).string());
  } else {
    request.set_id(target);
  }
  v1::ModelInspection reply;
  const grpc::Status status =
      Call(session.connection, &v1::ModelService::Stub::InspectModel, request, &reply);
  if (!status.ok()) {
    return session.connection.ReportFailure(status, /*about_files=*/IsPath(target));
  }
  const std::string obstacle = LoadObstacle(reply);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    session.streams.out << InspectionText(reply) << std::flush;
    if (!obstacle.empty()) {
      session.streams.err << "assay: this model cannot be loaded: " << obstacle << "\n";
    }
  }
  return obstacle.empty() ? kExitOk : kExitCannotLoad;
}

}  // namespace assay::client
