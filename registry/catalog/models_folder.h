// The folder of models next to models.yaml (`models_dir`).
#ifndef ASSAY_REGISTRY_CATALOG_MODELS_FOLDER_H_
#define ASSAY_REGISTRY_CATALOG_MODELS_FOLDER_H_

#include <string>

#include "absl/status/status.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/catalog_entry.h"

namespace assay::registry {

// Adds the models of a folder to the catalog, in the order of the file names:
//   1. The entries of its *.yaml and *.yml files, which contain only `models:`.
//   2. An entry for each *.gguf file and each folder with a config.json and *.safetensors, unless
//   an
//      entry already names it. The id is made from the file name: lower case, with '-' for
//      characters that an id must not contain.
// Hidden files are ignored. Errors: NOT_FOUND if there is no such folder; INVALID_ARGUMENT with
// file and line for an error in a list, an id that is in use, a link that points out of the folder,
// and more than 1000 files.
absl::Status AddModelsFolder(const std::string& folder, FixedRoutes* routes, Catalog* catalog);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_MODELS_FOLDER_H_
