// assay reload.
#include <ostream>
#include <string>
#include <string_view>

#include "absl/strings/str_join.h"
#include "assay/v1/model.grpc.pb.h"
#include "client/commands/commands.h"

namespace assay::client {
namespace {

template <typename Ids>
void WriteIds(std::string_view label, const Ids& ids, std::ostream& out) {
  if (!ids.empty()) out << label << ": " << OneLine(absl::StrJoin(ids, ", ")) << "\n";
}

void WriteChanges(const v1::ReloadCatalogResponse& reply, std::ostream& out) {
  WriteIds("added", reply.added(), out);
  WriteIds("removed", reply.removed(), out);
  WriteIds("changed", reply.reloaded(), out);
  if (reply.added().empty() && reply.removed().empty() && reply.reloaded().empty()) {
    out << "the same models as before\n";
  }
}

}  // namespace

int Reload(const Session& session) {
  v1::ReloadCatalogResponse reply;
  const grpc::Status status =
      Call(session.connection, &v1::ModelService::Stub::ReloadCatalog, {}, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    WriteChanges(reply, session.streams.out);
  }
  for (const std::string& failed : reply.failed()) {
    session.streams.err << "assay: could not load " << OneLine(failed) << "\n";
  }
  return reply.failed().empty() ? kExitOk : kExitFailed;
}

}  // namespace assay::client
