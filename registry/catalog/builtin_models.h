// The models that every catalog has: registry/catalog/builtin_models.yaml, compiled in.
#ifndef ASSAY_REGISTRY_CATALOG_BUILTIN_MODELS_H_
#define ASSAY_REGISTRY_CATALOG_BUILTIN_MODELS_H_

#include <string_view>

#include "registry/catalog/catalog.h"

namespace assay::registry {

extern const std::string_view kBuiltInModelsYaml;

// Appends those whose ids the catalog does not have itself, and names the others in `replaced`.
void AddBuiltInModels(Catalog* catalog);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_BUILTIN_MODELS_H_
