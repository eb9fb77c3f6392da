// One entry of a list of models, read and checked. Internal to registry/.
#ifndef ASSAY_REGISTRY_CATALOG_CATALOG_ENTRY_H_
#define ASSAY_REGISTRY_CATALOG_CATALOG_ENTRY_H_

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/yaml/reader.h"
#include "registry/catalog/catalog.h"

namespace assay::registry {

inline constexpr size_t kMaxIdLength = 64;

bool IsId(std::string_view id);

// Relative paths are in `folder`. Errors go to the map's document.
ModelEntry ReadEntry(YamlMap map, const std::filesystem::path& folder);

// Content types that have a fixed route, and the model.
using FixedRoutes = std::map<std::string, std::string>;

// Reads `models:` of a document into the catalog: ids once, a content type with one model.
void ReadEntries(YamlMap root, const std::filesystem::path& folder, FixedRoutes* routes,
                 Catalog* catalog);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_CATALOG_ENTRY_H_
