// Suggests the correct spelling of a misspelled name.
#include "base/near_name.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/levenshtein.h"
#include "base/utf8.h"

namespace assay {
namespace {

constexpr size_t kMaxEdits = 2;
constexpr size_t kMaxQuotedBytes = 64;

}  // namespace

std::string NearestName(std::string_view text, const std::vector<std::string>& candidates) {
  std::string nearest;
  size_t min_distance = kMaxEdits + 1;
  for (const std::string& candidate : candidates) {
    if (text.size() > candidate.size() + kMaxEdits) continue;
    const size_t distance = Levenshtein<char>(text, candidate);
    // Names without a common character are not near, however short they are.
    if (distance >= std::min({min_distance, text.size(), candidate.size()})) continue;
    min_distance = distance;
    nearest = candidate;
  }
  return nearest;
}

std::string DidYouMean(std::string_view text, const std::vector<std::string>& candidates) {
  std::string nearest = NearestName(text, candidates);
  if (nearest.empty()) {
    nearest = NearestName(absl::AsciiStrToLower(std::string(text)), candidates);
  }
  return nearest.empty() ? "" : absl::StrCat("did you mean '", nearest, "'? ");
}

std::string QuotedName(std::string_view text) {
  if (text.size() <= kMaxQuotedBytes) return absl::StrCat("'", std::string(text), "'");
  return absl::StrCat("'", std::string(Utf8Prefix(text, kMaxQuotedBytes)), "...' (", text.size(),
                      " bytes)");
}

}  // namespace assay
