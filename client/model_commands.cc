// assay models, load, unload.
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "assay/v1/model.grpc.pb.h"
#include "client/commands.h"
#include "client/exit_code.h"
#include "client/report.h"

namespace assay::client {
namespace {

constexpr int kBarCells = 30;
constexpr int kFirstNumberColumn = 6;

std::string State(const v1::Model& model) {
  return EnumWord(v1::ModelState_Name(model.state()), "MODEL_STATE_");
}

std::string ContentTypes(const v1::Model& model) {
  return OneLine(absl::StrJoin(model.content_types(), ","));
}

std::string ModelTable(const v1::ListModelsResponse& reply) {
  Table table{.header = {"MODEL", "STATE", "DEVICE", "DTYPE", "QUANT", "CONTENT TYPES",
                         "PARAMETERS", "MEMORY", "ACTIVE"},
              .first_right = kFirstNumberColumn};
  for (const v1::Model& model : reply.models()) {
    const v1::ModelDetails& d = model.details();
    const bool known = model.has_details();
    table.rows.push_back(
        {absl::StrCat(OneLine(model.id()), model.is_default() ? " *" : ""), State(model),
         known ? OneLine(d.device()) : "-", known ? OneLine(d.dtype()) : "-",
         known ? OneLine(d.quantization()) : "-",
         model.content_types().empty() ? "-" : ContentTypes(model),
         known ? absl::StrFormat("%.1fM", static_cast<double>(d.parameter_count()) / 1e6) : "-",
         known ? FormatBytes(d.resident_bytes()) : "-", absl::StrCat(model.active_requests())});
  }
  return FormatTable(table);
}

std::string ModelText(const v1::Model& model) {
  Table table{.header = {"model", OneLine(model.id())}};
  auto add = [&table](const std::string& name, const std::string& value) {
    if (!value.empty()) table.rows.push_back({name, OneLine(value)});
  };
  add("state", State(model));
  add("reason", model.state_reason());
  add("source", model.source());
  add("format", model.format());
  add("content types", ContentTypes(model));
  add("default", model.is_default() ? "yes" : "no");
  add("active requests", absl::StrCat(model.active_requests()));
  if (!model.has_details()) return FormatTable(table);
  const v1::ModelDetails& d = model.details();
  add("architecture", d.architecture());
  add("parameters", absl::StrCat(d.parameter_count()));
  add("context", absl::StrCat(d.context_length(), " tokens"));
  add("device", d.device());
  add("computed in", d.dtype());
  add("quantization", d.quantization());
  add("memory", FormatBytes(d.resident_bytes()));
  add("load time", absl::StrFormat("%.2f s", d.load_seconds()));
  add("loaded at", FormatTime(d.loaded_at()));
  add("chat template", d.has_chat_template() ? "yes" : "no (prompts go to it as they are)");
  return FormatTable(table);
}

int ListModels(const Session& session, v1::ModelService::Stub& stub) {
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  v1::ListModelsResponse reply;
  const grpc::Status status = stub.ListModels(&context, {}, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
    return kExitOk;
  }
  session.streams.out << ModelTable(reply);
  if (reply.models().empty()) session.streams.err << "the catalog has no models\n";
  return kExitOk;
}

int ShowModel(const Session& session, v1::ModelService::Stub& stub) {
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  v1::GetModelRequest request;
  request.set_id(session.arguments.id);
  v1::Model reply;
  const grpc::Status status = stub.GetModel(&context, request, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    session.streams.out << ModelText(reply);
  }
  return kExitOk;
}

}  // namespace

int Models(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::ModelService::NewStub(session.connection.channel());
  return session.arguments.id.empty() ? ListModels(session, *stub) : ShowModel(session, *stub);
}

int Load(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::ModelService::NewStub(session.connection.channel());
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  v1::LoadModelRequest request;
  request.set_id(session.arguments.id);
  const auto reader = stub->LoadModel(&context, request);
  StatusLine line(session.streams);
  std::string stage;
  v1::Model model;
  v1::LoadModelResponse event;
  while (reader->Read(&event)) {
    if (session.arguments.json) WriteJson(event, session.streams);
    if (event.has_model()) model = event.model();
    if (!event.has_progress() || session.arguments.json) continue;
    const v1::LoadProgress& progress = event.progress();
    line.Update(absl::StrFormat("%s %3.0f%% %s", Bar(progress.fraction(), kBarCells),
                                progress.fraction() * 100, progress.stage()));
    if (!session.streams.err_is_terminal && progress.stage() != stage) {
      session.streams.err << "loading " << session.arguments.id << ": " << OneLine(progress.stage())
                          << "\n";
      stage = progress.stage();
    }
  }
  const grpc::Status status = reader->Finish();
  line.Clear();
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (!session.arguments.json) session.streams.out << ModelText(model);
  return kExitOk;
}

int Unload(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::ModelService::NewStub(session.connection.channel());
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  v1::UnloadModelRequest request;
  request.set_id(session.arguments.id);
  v1::UnloadModelResponse reply;
  const grpc::Status status = stub->UnloadModel(&context, request, &reply);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
    return kExitOk;
  }
  session.streams.out << OneLine(reply.model().id()) << ": " << State(reply.model()) << ", "
                      << FormatBytes(reply.freed_bytes()) << " freed\n";
  return kExitOk;
}

}  // namespace assay::client
