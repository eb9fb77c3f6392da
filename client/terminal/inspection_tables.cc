// Properties, tensor types and memory needs of a model.
#include "client/terminal/inspection_tables.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/terminal/console.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr int kFirstTypeNumber = 1;
constexpr int kFirstDeviceNumber = 2;

std::string Millions(int64_t count) {
  return absl::StrFormat("%.1fM", static_cast<double>(count) / 1e6);
}

std::string PropertyTable(const v1::ModelInspection& model) {
  Table table{.header = {"model", OneLine(model.name())}};
  const auto add = [&table](const std::string& name, const std::string& value) {
    table.rows.push_back({name, OneLine(value)});
  };
  add("path", model.path());
  add("format", model.format());
  add("architecture", model.architecture());
  add("parameters",
      absl::StrCat(Millions(model.parameter_count()), " (", model.parameter_count(), ")"));
  add("shape", absl::StrCat(model.layers(), " layers, hidden size ", model.hidden_size(), ", ",
                            model.heads(), " heads of ", model.head_dim(), ", ", model.kv_heads(),
                            " KV heads"));
  add("vocabulary", absl::StrCat(model.vocab_size()));
  add("context", absl::StrCat(model.context_length(), " tokens (", model.served_context(),
                              " are served unless the entry sets context_length)"));
  if (model.embedding_dimension() > 0) {
    add("encoder",
        absl::StrCat("vectors of ", model.embedding_dimension(), " elements, ", model.embedding()));
  }
  add("tokenizer", model.tokenizer());
  add("chat template", model.chat_template());
  add("suggested sampling", model.suggested_sampling());
  for (const std::string& warning : model.warnings()) add("warning", warning);
  return FormatTable(table);
}

std::string TypeTable(const v1::ModelInspection& model) {
  Table table{.header = {"STORED AS", "TENSORS", "PARAMETERS", "BYTES"},
              .first_right = kFirstTypeNumber};
  for (const v1::StoredType& type : model.types()) {
    table.rows.push_back({OneLine(type.type()) + (type.unread() ? " (not supported)" : ""),
                          absl::StrCat(type.tensors()), Millions(type.parameters()),
                          FormatBytes(type.bytes())});
  }
  return FormatTable(table);
}

// A load evicts idle models and waits for busy ones.
std::string Fits(const v1::DeviceNeed& need) {
  if (!need.fits()) return "no";
  return need.fits_now() ? "yes" : "after eviction";
}

std::string DeviceTable(const v1::ModelInspection& model) {
  Table table{.header = {"DEVICE", "DTYPE", "WEIGHTS", "KV CACHE", "WORKING", "TOTAL",
                         "DEVICE MEMORY", "FITS"},
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

std::string MemoryLine(const v1::ModelInspection& model) {
  const std::string budget =
      model.memory_budget_bytes() == 0
          ? "no memory_budget"
          : absl::StrCat("memory_budget of all models ", FormatBytes(model.memory_budget_bytes()));
  return absl::StrCat(budget, ", ", FormatBytes(model.memory_free_bytes()), " free now\n");
}

}  // namespace

std::string InspectionText(const v1::ModelInspection& model) {
  return absl::StrCat(PropertyTable(model), "\n", TypeTable(model), "\n", DeviceTable(model),
                      MemoryLine(model));
}

std::string LoadObstacle(const v1::ModelInspection& model) {
  if (!model.cannot_load().empty()) return OneLine(model.cannot_load());
  if (model.devices().empty()) return "the server has no device for it";
  // A load uses the first device, even if the model fits another one.
  const v1::DeviceNeed& need = model.devices(0);
  if (need.fits()) return "";
  return absl::StrCat(OneLine(need.device()), " of the server does not have the memory for it");
}

}  // namespace assay::client
