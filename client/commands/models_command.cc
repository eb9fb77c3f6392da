// assay models and assay unload.
#include <algorithm>
#include <functional>
#include <ostream>
#include <string>

#include "assay/v1/model.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/terminal/model_tables.h"

namespace assay::client {
namespace {

using Stub = v1::ModelService::Stub;

void WriteModels(const Session& session, const v1::ListModelsResponse& reply) {
  std::ostream& out = session.streams.out;
  out << ModelTable(reply) << MemoryLine(reply);
  const auto hidden =
      std::count_if(reply.models().begin(), reply.models().end(), std::not_fn(IsListed));
  if (session.arguments.all) {
    out << "\n" << BuiltInTable(reply);
  } else if (hidden > 0) {
    out << "built-in models not shown: " << hidden << " (see `assay models --all`)\n";
  }
  if (reply.models().empty()) session.streams.err << "the catalog has no models\n";
}

}  // namespace

int Models(const Session& session) {
  if (session.arguments.id.empty()) {
    return CallAndPrint(session, &Stub::ListModels, {},
                        [&session](const auto& reply) { WriteModels(session, reply); });
  }
  v1::GetModelRequest request;
  request.set_id(session.arguments.id);
  return CallAndPrint(session, &Stub::GetModel, request, [&session](const v1::Model& model) {
    session.streams.out << ModelText(model);
  });
}

int Unload(const Session& session) {
  v1::UnloadModelRequest request;
  request.set_id(session.arguments.id);
  return CallAndPrint(
      session, &Stub::UnloadModel, request, [&session](const v1::UnloadModelResponse& reply) {
        session.streams.out << OneLine(reply.model().id()) << ": " << ModelStateWord(reply.model())
                            << ", " << FormatBytes(reply.freed_bytes()) << " freed\n";
      });
}

}  // namespace assay::client
