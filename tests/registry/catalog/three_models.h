// A catalog of three models, and the models of a route, for the tests of policies and routes.
#ifndef ASSAY_TESTS_REGISTRY_CATALOG_THREE_MODELS_H_
#define ASSAY_TESTS_REGISTRY_CATALOG_THREE_MODELS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/route_policy.h"

namespace assay::registry {

inline constexpr char kModels[] = R"(models:
  - { id: a, source: { file: a.gguf } }
  - { id: b, source: { file: b.gguf } }
  - { id: c, source: { file: c.gguf }, content_types: [poem] }
)";

// Parses the three models and `routes`, the YAML of further keys of the catalog.
inline absl::StatusOr<Catalog> Parse(const std::string& routes) {
  return ParseCatalog(absl::StrCat(kModels, routes), "m.yaml");
}

// Returns no models if there is no policy.
inline std::vector<std::string> ModelsOf(const std::optional<RoutePolicy>& policy) {
  return policy.has_value() ? policy->models : std::vector<std::string>();
}

}  // namespace assay::registry

#endif  // ASSAY_TESTS_REGISTRY_CATALOG_THREE_MODELS_H_
