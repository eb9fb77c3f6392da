// Checks of content types.
#ifndef ASSAY_REGISTRY_CATALOG_CONTENT_TYPES_H_
#define ASSAY_REGISTRY_CATALOG_CONTENT_TYPES_H_

#include <string>
#include <string_view>
#include <vector>

namespace assay::registry {

// Returns true if `type` has 1 to 32 characters of a-z, 0-9, _ and -, and begins with a letter.
bool IsContentType(std::string_view type);

// Returns an error message with the nearest known type and the known types if `type` is not in
// `known`. Returns an empty string if it is, or if `known` is empty.
std::string UnknownContentType(std::string_view type, const std::vector<std::string>& known);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_CONTENT_TYPES_H_
