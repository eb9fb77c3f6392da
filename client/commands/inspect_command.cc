// assay inspect.
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "assay/v1/model.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kFirstTypeNumber = 1;
constexpr int kFirstDeviceNumber = 2;

// What an id cannot be.
bool IsPath(const std::string& target) {
  return absl::StrContains(target, "/") || absl::EndsWith(target, ".gguf") || target == "." ||
         target == "..";
}

std::string Millions(int64_t count) {
  return absl::StrFormat("%.1fM", static_cast<double>(count) / 1e6);
}

std::string Facts(const v1::ModelInspection& model) {
  Table table{.header = {"model", OneLine(model.name())}};
  const auto add = [&table](const std::string& name, const std::string& value) {
    table.rows.push_back({name, OneLine(value)});
  };
  add("path", model.path());
  add("format", model.format());
  add("architecture", model.architecture());
  add("parameters",
      absl::StrCat(Millions(model.parameter_count()), " (", model.parameter_count(), ")"));
  add("shape",
      absl::StrCat(model.layers(), " layers of ", model.hidden_size(), ", ", model.heads(),
                   " heads of ", model.head_dim(), ", ", model.kv_heads(), " for keys and values"));
  add("vocabulary", absl::StrCat(model.vocab_size()));
  add("context", absl::StrCat(model.context_length(), " tokens (", model.served_context(),
                              " are served unless context_length says otherwise)"));
  add("tokenizer", model.tokenizer());
  add("chat template", model.chat_template());
  return FormatTable(table);
}

std::string Types(const v1::ModelInspection& model) {
  Table table{.header = {"STORED AS", "TENSORS", "PARAMETERS", "BYTES"},
              .first_right = kFirstTypeNumber};
  for (const v1::StoredType& type : model.types()) {
    table.rows.push_back({OneLine(type.type()) + (type.unread() ? " (not read)" : ""),
                          absl::StrCat(type.tensors()), Millions(type.parameters()),
                          FormatBytes(type.bytes())});
  }
  return FormatTable(table);
}

// A load makes idle models give way, and waits for busy ones.
std::string Fits(const v1::DeviceNeed& need) {
  if (!need.fits()) return "no";
  return need.fits_now() ? "yes" : "if others give way";
}

std::string Memory(const v1::ModelInspection& model) {
  const std::string budget =
      model.memory_budget_bytes() == 0
          ? "no memory_budget"
          : absl::StrCat("memory_budget of all models ", FormatBytes(model.memory_budget_bytes()));
  return absl::StrCat(budget, ", ", FormatBytes(model.memory_free_bytes()), " free now\n");
}

std::string Devices(const v1::ModelInspection& model) {
  Table table{
      .header = {"DEVICE", "DTYPE", "WEIGHTS", "KV CACHE", "WORKING", "TOTAL", "HAS", "FITS"},
      .first_right = kFirstDeviceNumber};
  for (const v1::DeviceNeed& need : model.devices()) {
    table.rows.push_back(
        {OneLine(need.device()), OneLine(need.dtype()), FormatBytes(need.weight_bytes()),
         FormatBytes(need.kv_cache_bytes()), FormatBytes(need.working_bytes()),
         FormatBytes(need.weight_bytes() + need.kv_cache_bytes() + need.working_bytes()),
         FormatBytes(need.device_bytes()), Fits(need)});
  }
  return FormatTable(table);
}

// Why the model cannot be loaded on the server; empty if it can.
std::string Obstacle(const v1::ModelInspection& model) {
  if (!model.cannot_load().empty()) return OneLine(model.cannot_load());
  if (model.devices().empty()) return "the server has no device for it";
  // Where a load would put it, whatever the others have.
  const v1::DeviceNeed& need = model.devices(0);
  if (need.fits()) return "";
  return absl::StrCat(OneLine(need.device()), " of the server does not have the memory for it");
}

}  // namespace

int Inspect(const Session& session) {
  if (absl::Status s = session.connection.Connect(); !s.ok()) {
    return session.connection.ReportUnreachable(s);
  }
  const auto stub = v1::ModelService::NewStub(session.connection.channel());
  grpc::ClientContext context;
  session.connection.Prepare(context);
  const WatchedCall watched(session.connection.interrupt(), context);
  v1::InspectModelRequest request;
  const std::string& target = session.arguments.id;
  if (IsPath(target)) {
    // The server's working directory is another.
    std::error_code error;
    request.set_path(std::filesystem::absolute(target, error).string());
  } else {
    request.set_id(target);
  }
  v1::ModelInspection reply;
  const grpc::Status status = stub->InspectModel(&context, request, &reply);
  if (!status.ok()) {
    return session.connection.ReportFailure(status, /*about_files=*/IsPath(target));
  }
  const std::string obstacle = Obstacle(reply);
  if (session.arguments.json) {
    WriteJson(reply, session.streams);
  } else {
    session.streams.out << Facts(reply) << "\n"
                        << Types(reply) << "\n"
                        << Devices(reply) << Memory(reply) << std::flush;
    if (!obstacle.empty()) {
      session.streams.err << "assay: this model cannot be loaded: " << obstacle << "\n";
    }
  }
  return obstacle.empty() ? kExitOk : kExitCannotLoad;
}

}  // namespace assay::client
