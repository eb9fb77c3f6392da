// Checks of content types.
#include "registry/catalog/content_types.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/near_name.h"

namespace assay::registry {
namespace {

constexpr size_t kMaxContentTypeLength = 32;

}  // namespace

bool IsContentType(std::string_view type) {
  return !type.empty() && type.size() <= kMaxContentTypeLength &&
         absl::ascii_islower(type.front()) && std::all_of(type.begin(), type.end(), [](char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' || c == '-';
         });
}

std::string UnknownContentType(std::string_view type, const std::vector<std::string>& known) {
  if (known.empty() || std::find(known.begin(), known.end(), type) != known.end()) return "";
  const std::string nearest = NearestName(type, known);
  const std::string hint = nearest.empty()
                               ? absl::StrCat("known are ", absl::StrJoin(known, ", "), ".")
                               : absl::StrCat("did you mean '", nearest, "'?");
  return absl::StrCat("'", std::string(type), "' is not a content type known here; ", hint,
                      " Declare one of your own under evaluation.content_types of assayd.yaml");
}

}  // namespace assay::registry
