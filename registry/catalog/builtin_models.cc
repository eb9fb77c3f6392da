// Built-in models.
#include "registry/catalog/builtin_models.h"

#include <utility>

#include "absl/status/statusor.h"

namespace assay::registry {

void AddBuiltInModels(Catalog* catalog) {
  // A test reads it; it cannot fail here.
  absl::StatusOr<Catalog> built_in = ParseCatalog(kBuiltInModelsYaml, "builtin_models.yaml");
  for (ModelEntry& entry : built_in.value().models) {
    if (catalog->Find(entry.id) != nullptr) {
      catalog->replaced.push_back(entry.id);
      continue;
    }
    entry.built_in = true;
    catalog->models.push_back(std::move(entry));
  }
}

}  // namespace assay::registry
