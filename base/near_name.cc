// Suggests the correct spelling of a misspelled name.
#include "base/near_name.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

constexpr size_t kMaxEdits = 2;
constexpr size_t kMaxQuotedBytes = 64;

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string NearestName(std::string_view text, const std::vector<std::string>& candidates) {
  std::string nearest;
  size_t min_distance = kMaxEdits + 1;
  for (const std::string& candidate : candidates) {
    if (text.size() > candidate.size() + kMaxEdits) continue;
    const size_t distance = EditDistance(text, candidate);
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
  size_t end = kMaxQuotedBytes;
  // A UTF-8 character is not cut.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return absl::StrCat("'", std::string(text.substr(0, end)), "...' (", text.size(), " bytes)");
}

}  // namespace assay
