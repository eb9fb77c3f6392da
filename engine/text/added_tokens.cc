// Finds added tokens in a text.
#include "engine/text/added_tokens.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/text/characters.h"
#include "engine/text/utf8.h"

namespace assay::engine {
namespace {

bool IsWholeWord(std::string_view text, size_t begin, size_t end) {
  const bool word_before =
      begin > 0 && IsWord(NextUtf8(text.substr(LastCharacter(text.substr(0, begin)))).code_point);
  const bool word_after = end < text.size() && IsWord(NextUtf8(text.substr(end)).code_point);
  return !word_before && !word_after;
}

}  // namespace

void AddedTokens::Add(AddedToken token) {
  empty_ = false;
  std::vector<AddedToken>& tokens = by_first_byte_[static_cast<uint8_t>(token.content.front())];
  const auto longer = [&](const AddedToken& other) {
    return other.content.size() >= token.content.size();
  };
  const auto at = std::find_if_not(tokens.begin(), tokens.end(), longer);
  tokens.insert(at, std::move(token));
}

std::optional<AddedTokens::Found> AddedTokens::Find(std::string_view text, size_t from,
                                                    bool with_special) const {
  if (empty_) return std::nullopt;
  for (size_t at = from; at < text.size(); ++at) {
    for (const AddedToken& token : by_first_byte_[static_cast<uint8_t>(text[at])]) {
      if (token.special && !with_special) continue;
      if (!text.substr(at).starts_with(token.content)) continue;
      const size_t end = at + token.content.size();
      if (token.single_word && !IsWholeWord(text, at, end)) continue;
      const size_t before = token.strip_left ? TrailingSpaces(text.substr(from, at - from)) : 0;
      const size_t after = token.strip_right ? LeadingSpaces(text.substr(end)) : 0;
      return Found{.begin = at - before, .end = end + after, .id = token.id};
    }
  }
  return std::nullopt;
}

}  // namespace assay::engine
