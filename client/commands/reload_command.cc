// assay reload.
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_join.h"
#include "assay/v1/model.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

template <typename Ids>
void WriteIds(std::string_view what, const Ids& ids, std::ostream& out) {
  if (!ids.empty()) out << what << ": " << OneLine(absl::StrJoin(ids, ", ")) << "\n";
}

}  // namespace

int Reload(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::ModelService::NewStub(session.connection.channel());
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  v1::ReloadCatalogResponse reply;
  const grpc::Status status = stub->ReloadCatalog(&context, {}, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    std::ostream& out = session.streams.out;
    WriteIds("added", reply.added(), out);
    WriteIds("removed", reply.removed(), out);
    WriteIds("changed", reply.reloaded(), out);
    if (reply.added().empty() && reply.removed().empty() && reply.reloaded().empty()) {
      out << "the same models as before\n";
    }
  }
  for (const std::string& failed : reply.failed()) {
    session.streams.err << "assay: could not load " << OneLine(failed) << "\n";
  }
  return reply.failed().empty() ? kExitOk : kExitFailed;
}

}  // namespace assay::client
