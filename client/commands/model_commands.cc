// assay models, load, unload.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "assay/v1/model.grpc.pb.h"
#include "client/commands/commands.h"
#include "client/commands/transfer.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kBarCells = 30;
// Between two lines of a download where nobody watches.
constexpr absl::Duration kQuietInterval = absl::Seconds(5);
constexpr int kFirstNumberColumn = 6;
constexpr int kFirstBuiltInNumberColumn = 5;

std::string State(const v1::Model& model) {
  return EnumWord(v1::ModelState_Name(model.state()), "MODEL_STATE_");
}

// "", "breaker open".
std::string BreakerWord(const v1::Model& model) {
  const v1::BreakerState state = model.breaker().state();
  if (state == v1::BREAKER_STATE_UNSPECIFIED || state == v1::BREAKER_STATE_CLOSED) return "";
  return absl::StrCat("breaker ", EnumWord(v1::BreakerState_Name(state), "BREAKER_STATE_"));
}

std::string BreakerText(const v1::Model& model) {
  const v1::Breaker& breaker = model.breaker();
  if (BreakerWord(model).empty() && breaker.failures() == 0) return "";
  std::string text =
      absl::StrCat(EnumWord(v1::BreakerState_Name(breaker.state()), "BREAKER_STATE_"), " after ",
                   breaker.failures(), " failures in a row, the last: ", breaker.last_error());
  if (breaker.has_retry_in_seconds()) {
    absl::StrAppend(&text, "; tried again in ",
                    absl::StrFormat("%.1f s", breaker.retry_in_seconds()));
  }
  return text;
}

std::string ContentTypes(const v1::Model& model) {
  return OneLine(absl::StrJoin(model.content_types(), ","));
}

// The user's own, and built-in ones that are in use.
bool IsListed(const v1::Model& model) {
  return !model.built_in() || model.has_details() || model.state() != v1::MODEL_STATE_NEW;
}

std::string ModelTable(const v1::ListModelsResponse& reply) {
  Table table{.header = {"MODEL", "STATE", "DEVICE", "DTYPE", "QUANT", "CONTENT TYPES",
                         "PARAMETERS", "MEMORY", "ACTIVE"},
              .first_right = kFirstNumberColumn};
  for (const v1::Model& model : reply.models()) {
    if (!IsListed(model)) continue;
    const v1::ModelDetails& d = model.details();
    const bool known = model.has_details();
    table.rows.push_back(
        {absl::StrCat(OneLine(model.id()), model.is_default() ? " *" : ""),
         BreakerWord(model).empty() ? State(model)
                                    : absl::StrCat(State(model), ", ", BreakerWord(model)),
         known ? OneLine(d.device()) : "-", known ? OneLine(d.dtype()) : "-",
         known ? OneLine(d.quantization()) : "-",
         model.content_types().empty() ? "-" : ContentTypes(model),
         known ? absl::StrFormat("%.1fM", static_cast<double>(d.parameter_count()) / 1e6) : "-",
         known ? FormatBytes(d.resident_bytes()) : "-", absl::StrCat(model.active_requests())});
  }
  return FormatTable(table);
}

// What it takes, or at least would.
std::string MemoryEstimate(const v1::Model& model) {
  if (model.has_details()) return FormatBytes(model.details().resident_bytes());
  return model.download_bytes() > 0 ? absl::StrCat(">", FormatBytes(model.download_bytes())) : "-";
}

std::string BuiltInTable(const v1::ListModelsResponse& reply) {
  Table table{.header = {"BUILT IN", "HERE", "SOURCE", "LICENCE", "SUITS", "DOWNLOAD", "MEMORY"},
              .first_right = kFirstBuiltInNumberColumn};
  for (const v1::Model& model : reply.models()) {
    if (!model.built_in()) continue;
    table.rows.push_back(
        {OneLine(model.id()), model.on_this_machine() ? "yes" : "no", OneLine(model.source()),
         absl::StrCat(OneLine(model.licence()), model.gated() ? ", gated" : ""),
         OneLine(absl::StrJoin(model.suits(), ",")),
         absl::StrCat("~", FormatBytes(model.download_bytes())), MemoryEstimate(model)});
  }
  return absl::StrCat(
      FormatTable(table),
      "memory: >, an estimate, the weights as they are stored; keys and values come "
      "on top (assay inspect ID, once it is here)\n");
}

std::string ModelText(const v1::Model& model) {
  Table table{.header = {"model", OneLine(model.id())}};
  auto add = [&table](const std::string& name, const std::string& value) {
    if (!value.empty()) table.rows.push_back({name, OneLine(value)});
  };
  add("state", State(model));
  add("reason", model.state_reason());
  add("breaker", BreakerText(model));
  add("source", model.source());
  add("revision", model.revision());
  add("format", model.format());
  add("content types", ContentTypes(model));
  add("licence", model.licence());
  add("suits", absl::StrJoin(model.suits(), ","));
  if (model.download_bytes() > 0) {
    add("download", absl::StrCat("about ", FormatBytes(model.download_bytes())));
  }
  add("on this machine", model.on_this_machine() ? "yes" : "no");
  add("access", model.gated() ? "accept the licence on its page first, and set HF_TOKEN" : "");
  add("default", model.is_default() ? "yes" : "no");
  add("active requests", absl::StrCat(model.active_requests()));
  add("pinned", model.pinned() ? "yes" : "");
  if (model.has_last_used()) add("last used", FormatTime(model.last_used()));
  if (model.evictions() > 0) add("made room for others", absl::StrCat(model.evictions(), " times"));
  if (!model.has_details()) return FormatTable(table);
  const v1::ModelDetails& d = model.details();
  add("architecture", d.architecture());
  add("parameters", absl::StrCat(d.parameter_count()));
  add("context", absl::StrCat(d.context_length(), " tokens"));
  add("device", d.device());
  add("computed in", d.dtype());
  add("quantization", d.quantization());
  add("memory", FormatBytes(d.resident_bytes()));
  add("load time",
      absl::StrFormat("%.2f s (files %.2f, weights %.2f, beside them the tokenizer %.2f, warm-up "
                      "%.2f)",
                      d.load_seconds(), d.load_files_seconds(), d.load_weights_seconds(),
                      d.load_tokenizer_seconds(), d.load_warm_up_seconds()));
  add("loaded at", FormatTime(d.loaded_at()));
  add("chat template", d.has_chat_template() ? "yes" : "no (prompts go to it as they are)");
  return FormatTable(table);
}

// A line that replaces itself on a terminal; elsewhere a line a stage, and while downloading one
// now and then.
class LoadDisplay {
 public:
  explicit LoadDisplay(const Session& session) : session_(session), line_(session.streams) {}

  void Show(const v1::LoadProgress& progress) {
    const std::string transfer = TransferText(progress);
    const std::string text =
        absl::StrCat(OneLine(progress.stage()), transfer.empty() ? "" : "  ", transfer);
    line_.Update(absl::StrFormat("%s %3.0f%% %s", Bar(progress.fraction(), kBarCells),
                                 progress.fraction() * 100, text));
    if (session_.streams.err_is_terminal) return;
    const absl::Time now = absl::Now();
    if (progress.stage() == stage_ && (transfer.empty() || now < next_)) return;
    stage_ = progress.stage();
    next_ = now + kQuietInterval;
    session_.streams.err << "loading " << session_.arguments.id << ": " << text << "\n";
  }
  void Clear() { line_.Clear(); }

 private:
  const Session& session_;
  StatusLine line_;
  std::string stage_;
  absl::Time next_ = absl::InfinitePast();
};

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
  if (reply.used_bytes() > 0) {
    session.streams.out << "memory: " << FormatBytes(reply.used_bytes())
                        << (reply.budget_bytes() == 0
                                ? std::string(", no limit")
                                : absl::StrCat(" of ", FormatBytes(reply.budget_bytes())))
                        << "\n";
  }
  if (session.arguments.all) {
    session.streams.out << "\n" << BuiltInTable(reply);
  } else if (const auto hidden =
                 std::count_if(reply.models().begin(), reply.models().end(), std::not_fn(IsListed));
             hidden > 0) {
    session.streams.out << "and " << hidden << " that come with Assay: assay models --all\n";
  }
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
  LoadDisplay display(session);
  v1::Model model;
  v1::LoadModelResponse event;
  while (reader->Read(&event)) {
    if (session.arguments.json) WriteJson(event, session.streams);
    if (event.has_model()) model = event.model();
    if (!event.has_progress() || session.arguments.json) continue;
    display.Show(event.progress());
  }
  const grpc::Status status = reader->Finish();
  display.Clear();
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
