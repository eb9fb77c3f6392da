// Parses single entries of a list of models. Internal to registry/.
#ifndef ASSAY_REGISTRY_CATALOG_CATALOG_ENTRY_H_
#define ASSAY_REGISTRY_CATALOG_CATALOG_ENTRY_H_

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/yaml/reader.h"
#include "registry/catalog/catalog.h"

namespace assay::registry {

inline constexpr size_t kMaxIdLength = 64;

// Returns true if `id` matches [a-z0-9][a-z0-9._-]{0,63}.
bool IsId(std::string_view id);

// Parses one entry. Relative paths are resolved against `folder`. Errors are recorded in the
// document of the map.
ModelEntry ReadEntry(YamlMap map, const std::filesystem::path& folder);

// The content types that have a fixed route, with the ids of their models.
using FixedRoutes = std::map<std::string, std::string>;

// Appends the entries under `models:` to the catalog. A duplicate id and a content type that
// already has a model in `routes` are errors.
void ReadEntries(YamlMap root, const std::filesystem::path& folder, FixedRoutes* routes,
                 Catalog* catalog);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_CATALOG_ENTRY_H_
