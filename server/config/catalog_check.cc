// Checks that need both the catalog and the configuration.
#include "server/config/catalog_check.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "evaluator/plan/prompt_set.h"
#include "registry/catalog/source.h"

namespace assay::server {
namespace {

absl::Status AnnotateEntry(const absl::Status& status, const registry::ModelEntry& entry) {
  return Annotate(status, absl::StrCat(entry.location, ": model '", entry.id, "'"));
}

absl::Status CheckDevices(const registry::Catalog& catalog) {
  for (const registry::ModelEntry& entry : catalog.models) {
    if (entry.device.empty() || entry.device == "auto") continue;
    const absl::StatusOr<engine::DeviceInfo> device = engine::ResolveDevice(entry.device);
    if (!device.ok()) return AnnotateEntry(Annotate(device.status(), "device"), entry);
  }
  return absl::OkStatus();
}

absl::Status CheckPinned(const registry::Catalog& catalog, registry::ModelLoader& loader,
                         const std::string& hub_cache, int64_t budget_bytes) {
  int64_t sum = 0;
  std::vector<std::string> pinned;
  for (const registry::ModelEntry& entry : catalog.models) {
    if (!entry.pin) continue;
    const absl::StatusOr<std::string> file = registry::ResolveSource(entry, hub_cache);
    if (!file.ok()) continue;
    const absl::StatusOr<int64_t> bytes = loader.Estimate(entry, *file);
    if (!bytes.ok()) continue;
    sum += *bytes;
    pinned.push_back(absl::StrCat(entry.id, " (", *bytes, " bytes)"));
    if (sum <= budget_bytes) continue;
    const absl::Status status = absl::InvalidArgumentError(absl::StrCat(
        "pin: the pinned models ", absl::StrJoin(pinned, ", "), " need ", sum,
        " bytes together, which exceeds the memory budget of ", budget_bytes,
        " bytes; unpin one, raise memory_budget, or lower a model's cache_tokens or weights"));
    return AnnotateEntry(status, entry);
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> KnownContentTypes(const EvaluationConfig& evaluation) {
  std::set<std::string> types;
  for (const evaluator::EvaluationPrompt& prompt : evaluator::BuiltInPrompts()) {
    types.insert(prompt.content_type);
  }
  for (const evaluator::ContentTypeProfile& profile : evaluation.content_types) {
    types.insert(profile.name);
  }
  return {types.begin(), types.end()};
}

absl::StatusOr<registry::Catalog> ReadCatalog(const Config& config) {
  absl::StatusOr<registry::Catalog> catalog =
      registry::LoadCatalog(config.catalog_path, KnownContentTypes(config.evaluation));
  if (!catalog.ok()) return Annotate(catalog.status(), "catalog");
  return catalog;
}

absl::StatusOr<int64_t> BudgetBytes(const MemoryBudget& budget, const engine::DeviceInfo& device) {
  if (budget.share > 0) {
    return static_cast<int64_t>(budget.share * static_cast<double>(device.memory_bytes));
  }
  if (budget.bytes <= device.memory_bytes) return budget.bytes;
  return absl::InvalidArgumentError(
      absl::StrCat(budget.place, budget.place.empty() ? "" : ": ", "memory_budget: ", budget.bytes,
                   " bytes exceed the ", device.memory_bytes, " bytes of ", device.name,
                   "; set a smaller size, or a share of it such as 80%"));
}

absl::Status CheckModels(const registry::Catalog& catalog, registry::ModelLoader& loader,
                         const std::string& hub_cache, int64_t budget_bytes) {
  RETURN_IF_ERROR(CheckDevices(catalog));
  return budget_bytes == 0 ? absl::OkStatus()
                           : CheckPinned(catalog, loader, hub_cache, budget_bytes);
}

}  // namespace assay::server
