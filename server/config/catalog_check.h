// Checks that need both the catalog and the configuration.
#ifndef ASSAY_SERVER_CONFIG_CATALOG_CHECK_H_
#define ASSAY_SERVER_CONFIG_CATALOG_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/runtime/device.h"
#include "registry/catalog/catalog.h"
#include "registry/residency/loader.h"
#include "server/config/config.h"

namespace assay::server {

// Returns the content types of the built-in prompts and those declared under
// evaluation.content_types.
std::vector<std::string> KnownContentTypes(const EvaluationConfig& evaluation);

// Loads the catalog with registry::LoadCatalog() and the known content types. Error messages start
// with "catalog: ".
absl::StatusOr<registry::Catalog> ReadCatalog(const Config& config);

// Returns the memory budget in bytes; 0 means no limit. Returns INVALID_ARGUMENT with file and line
// if the budget is larger than the device's memory.
absl::StatusOr<int64_t> BudgetBytes(const MemoryBudget& budget, const engine::DeviceInfo& device);

// Finds errors that would otherwise appear only when a model is loaded. Messages contain the file
// and line of the catalog entry. Returns FAILED_PRECONDITION for a device that this machine does
// not have, and INVALID_ARGUMENT if the pinned models whose files are present exceed the budget
// together.
absl::Status CheckModels(const registry::Catalog& catalog, registry::ModelLoader& loader,
                         const std::string& hub_cache, int64_t budget_bytes);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_CATALOG_CHECK_H_
