// Tables and properties of models.
#include "client/terminal/model_tables.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/terminal/console.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kFirstNumberColumn = 6;
constexpr int kFirstBuiltInNumberColumn = 5;

std::string BreakerStateWord(const v1::Breaker& breaker) {
  return EnumWord(v1::BreakerState_Name(breaker.state()), "BREAKER_STATE_");
}

// "breaker open"; empty if the breaker is closed.
std::string BreakerWord(const v1::Model& model) {
  const v1::BreakerState state = model.breaker().state();
  if (state == v1::BREAKER_STATE_UNSPECIFIED || state == v1::BREAKER_STATE_CLOSED) return "";
  return absl::StrCat("breaker ", BreakerStateWord(model.breaker()));
}

std::string BreakerText(const v1::Model& model) {
  const v1::Breaker& breaker = model.breaker();
  if (BreakerWord(model).empty() && breaker.failures() == 0) return "";
  std::string text = absl::StrCat(BreakerStateWord(breaker), " after ", breaker.failures(),
                                  " failures in a row, the last: ", breaker.last_error());
  if (breaker.has_retry_in_seconds()) {
    absl::StrAppend(&text, "; next try in ", absl::StrFormat("%.1f s", breaker.retry_in_seconds()));
  }
  return text;
}

std::string ContentTypes(const v1::Model& model) {
  return OneLine(absl::StrJoin(model.content_types(), ","));
}

// The bytes of a resident model, otherwise a lower bound from the size of the download.
std::string MemoryEstimate(const v1::Model& model) {
  if (model.has_details()) return FormatBytes(model.details().resident_bytes());
  return model.download_bytes() > 0 ? absl::StrCat(">", FormatBytes(model.download_bytes())) : "-";
}

}  // namespace

std::string ModelStateWord(const v1::Model& model) {
  return EnumWord(v1::ModelState_Name(model.state()), "MODEL_STATE_");
}

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
    const std::string state = ModelStateWord(model);
    const std::string breaker = BreakerWord(model);
    table.rows.push_back(
        {absl::StrCat(OneLine(model.id()), model.is_default() ? " *" : ""),
         breaker.empty() ? state : absl::StrCat(state, ", ", breaker),
         known ? OneLine(d.device()) : "-", known ? OneLine(d.dtype()) : "-",
         known ? OneLine(d.quantization()) : "-",
         d.embedding_dimension() > 0     ? absl::StrCat("encoder, ", d.embedding_dimension())
         : model.content_types().empty() ? "-"
                                         : ContentTypes(model),
         known ? absl::StrFormat("%.1fM", static_cast<double>(d.parameter_count()) / 1e6) : "-",
         known ? FormatBytes(d.resident_bytes()) : "-", absl::StrCat(model.active_requests())});
  }
  return FormatTable(table);
}

std::string BuiltInTable(const v1::ListModelsResponse& reply) {
  Table table{
      .header = {"BUILT IN", "DOWNLOADED", "SOURCE", "LICENSE", "SUITS", "DOWNLOAD", "MEMORY"},
      .first_right = kFirstBuiltInNumberColumn};
  for (const v1::Model& model : reply.models()) {
    if (!model.built_in()) continue;
    table.rows.push_back(
        {OneLine(model.id()), model.on_this_machine() ? "yes" : "no", OneLine(model.source()),
         absl::StrCat(OneLine(model.licence()), model.gated() ? ", gated" : ""),
         OneLine(absl::StrJoin(model.suits(), ",")),
         absl::StrCat("~", FormatBytes(model.download_bytes())), MemoryEstimate(model)});
  }
  return absl::StrCat(FormatTable(table),
                      "A > before the memory: an estimate from the stored weights, to which the KV "
                      "cache is added.\n"
                      "Once a model is downloaded, `assay inspect ID` computes it.\n");
}

std::string MemoryLine(const v1::ListModelsResponse& reply) {
  if (reply.used_bytes() == 0) return "";
  const std::string limit = reply.budget_bytes() == 0
                                ? std::string(", no limit")
                                : absl::StrCat(" of ", FormatBytes(reply.budget_bytes()));
  return absl::StrCat("memory: ", FormatBytes(reply.used_bytes()), limit, "\n");
}

std::string ModelText(const v1::Model& model) {
  Table table{.header = {"model", OneLine(model.id())}};
  const auto add = [&table](const std::string& name, const std::string& value) {
    if (!value.empty()) table.rows.push_back({name, OneLine(value)});
  };
  add("state", ModelStateWord(model));
  add("reason", model.state_reason());
  add("breaker", BreakerText(model));
  add("source", model.source());
  add("revision", model.revision());
  add("format", model.format());
  add("content types", ContentTypes(model));
  add("license", model.licence());
  add("suits", absl::StrJoin(model.suits(), ","));
  if (model.download_bytes() > 0) {
    add("download", absl::StrCat("about ", FormatBytes(model.download_bytes())));
  }
  add("on this machine", model.on_this_machine() ? "yes" : "no");
  add("access", model.gated() ? "accept the license on its page first, and set HF_TOKEN" : "");
  add("default", model.is_default() ? "yes" : "no");
  add("active requests", absl::StrCat(model.active_requests()));
  add("pinned", model.pinned() ? "yes" : "");
  if (model.has_last_used()) add("last used", FormatTime(model.last_used()));
  if (model.evictions() > 0) add("evicted", absl::StrCat(model.evictions(), " times"));
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
      absl::StrFormat("%.2f s (files %.2f, weights %.2f, in parallel the tokenizer %.2f, warm-up "
                      "%.2f)",
                      d.load_seconds(), d.load_files_seconds(), d.load_weights_seconds(),
                      d.load_tokenizer_seconds(), d.load_warm_up_seconds()));
  add("loaded at", FormatTime(d.loaded_at()));
  if (d.embedding_dimension() > 0) {
    add("encoder",
        absl::StrCat("vectors of ", d.embedding_dimension(), " elements, ", d.embedding()));
  } else {
    add("chat template", d.has_chat_template() ? "yes" : "no (the prompt is used as it is)");
  }
  return FormatTable(table);
}

}  // namespace assay::client
