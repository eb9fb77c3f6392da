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
// The maximum number of content types in a message.
constexpr size_t kMaxListed = 20;

}  // namespace

bool IsContentType(std::string_view type) {
  return !type.empty() && type.size() <= kMaxContentTypeLength &&
         absl::ascii_islower(type.front()) && std::all_of(type.begin(), type.end(), [](char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' || c == '-';
         });
}

std::string UnknownContentType(std::string_view type, const std::vector<std::string>& known) {
  if (known.empty() || std::find(known.begin(), known.end(), type) != known.end()) return "";
  const size_t listed = std::min(known.size(), kMaxListed);
  const std::string more =
      listed < known.size() ? absl::StrCat(" and ", known.size() - listed, " more") : "";
  return absl::StrCat(
      QuotedName(type), " is not a content type known here; ", DidYouMean(type, known),
      "known are ",
      absl::StrJoin(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(listed), ", "), more,
      ". Declare one of your own under evaluation.content_types of assayd.yaml");
}

}  // namespace assay::registry
