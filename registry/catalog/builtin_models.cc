// The built-in models of every catalog.
#include "registry/catalog/builtin_models.h"

#include <utility>

#include "absl/status/statusor.h"

namespace assay::registry {

void AddBuiltInModels(Catalog* catalog) {
  // Cannot fail, because a test parses the file.
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
