// The built-in models of every catalog: registry/catalog/builtin_models.yaml, compiled in.
#ifndef ASSAY_REGISTRY_CATALOG_BUILTIN_MODELS_H_
#define ASSAY_REGISTRY_CATALOG_BUILTIN_MODELS_H_

#include <string_view>

#include "registry/catalog/catalog.h"

namespace assay::registry {

extern const std::string_view kBuiltInModelsYaml;

// Appends the built-in models. One whose id the catalog already has is listed in `replaced`
// instead.
void AddBuiltInModels(Catalog* catalog);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_BUILTIN_MODELS_H_
