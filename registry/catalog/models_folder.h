// A folder of models beside models.yaml (`models_dir`).
#ifndef ASSAY_REGISTRY_CATALOG_MODELS_FOLDER_H_
#define ASSAY_REGISTRY_CATALOG_MODELS_FOLDER_H_

#include <string>

#include "absl/status/status.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/catalog_entry.h"

namespace assay::registry {

// Adds, in the order of their names: the lists of models of its *.yaml files (`models:` alone),
// then an entry for each *.gguf and each folder with a config.json and *.safetensors that no entry
// names yet, its id made from the file's name (lower case, other characters become '-'). Hidden
// files are left out. NOT_FOUND: no such folder. INVALID_ARGUMENT: file and line of what is wrong
// in a list; an id that is taken; a link that leads out of the folder; over 1000 files.
absl::Status AddModelsFolder(const std::string& folder, FixedRoutes* routes, Catalog* catalog);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_MODELS_FOLDER_H_
