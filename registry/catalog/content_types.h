// Content types that a catalog may route.
#ifndef ASSAY_REGISTRY_CATALOG_CONTENT_TYPES_H_
#define ASSAY_REGISTRY_CATALOG_CONTENT_TYPES_H_

#include <string>
#include <string_view>
#include <vector>

namespace assay::registry {

// 1 to 32 of a-z, 0-9, _ and -, a letter first.
bool IsContentType(std::string_view type);

// What is wrong with a content type that is none of `known`, and what to do; empty: it is one, or
// `known` is empty.
std::string UnknownContentType(std::string_view type, const std::vector<std::string>& known);

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_CATALOG_CONTENT_TYPES_H_
