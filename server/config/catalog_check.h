// The catalog beside the configuration: what neither of the two files can tell alone.
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

// Those of the built-in prompts, and those declared under evaluation.content_types.
std::vector<std::string> KnownContentTypes(const EvaluationConfig& evaluation);

// As registry::LoadCatalog() with the content types known; "catalog: " before the message.
absl::StatusOr<registry::Catalog> ReadCatalog(const Config& config);

// 0 = no limit. INVALID_ARGUMENT, with file and line: more than the device has.
absl::StatusOr<int64_t> BudgetBytes(const MemoryBudget& budget, const engine::DeviceInfo& device);

// What shows only when models are loaded; file and line of the entry. FAILED_PRECONDITION: a device
// that this machine lacks. INVALID_ARGUMENT: pinned models whose files are here do not fit the
// budget together.
absl::Status CheckModels(const registry::Catalog& catalog, registry::ModelLoader& loader,
                         const std::string& hub_cache, int64_t budget_bytes);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_CATALOG_CHECK_H_
