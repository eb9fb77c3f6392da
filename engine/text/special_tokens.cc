// Finds added tokens in a text.
#include "engine/text/special_tokens.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::engine {

void SpecialTokens::Add(std::string spelling, TokenId id, bool control) {
  if (spelling.empty()) return;
  std::vector<Entry>& entries = by_first_byte_[static_cast<uint8_t>(spelling.front())];
  const auto longer = [&](const Entry& entry) { return entry.spelling.size() >= spelling.size(); };
  const auto at = std::find_if_not(entries.begin(), entries.end(), longer);
  entries.insert(at, {std::move(spelling), id, control});
}

std::optional<SpecialTokens::Found> SpecialTokens::Find(std::string_view text, size_t from,
                                                        bool with_control) const {
  for (size_t at = from; at < text.size(); ++at) {
    for (const Entry& entry : by_first_byte_[static_cast<uint8_t>(text[at])]) {
      if (entry.control && !with_control) continue;
      if (!text.substr(at).starts_with(entry.spelling)) continue;
      return Found{.offset = at, .bytes = entry.spelling.size(), .id = entry.id};
    }
  }
  return std::nullopt;
}

}  // namespace assay::engine
