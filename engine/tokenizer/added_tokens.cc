// Finds added tokens in a text.
#include "engine/tokenizer/added_tokens.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "base/work_limit.h"
#include "engine/unicode/characters.h"

namespace assay::engine {
namespace {

bool IsWholeWord(std::string_view text, size_t begin, size_t end) {
  const bool word_before =
      begin > 0 &&
      unicode::IsWord(
          NextUtf8(text.substr(unicode::LastCharacterOffset(text.substr(0, begin)))).code_point);
  const bool word_after =
      end < text.size() && unicode::IsWord(NextUtf8(text.substr(end)).code_point);
  return !word_before && !word_after;
}

// True if a barrier lies within [begin, end), or twice at `begin`.
bool CrossesBarrier(size_t begin, size_t end, absl::Span<const size_t> barriers) {
  const auto* const at = std::lower_bound(barriers.begin(), barriers.end(), begin);
  const auto* const within = std::upper_bound(at, barriers.end(), begin);
  return within - at > 1 || (within != barriers.end() && *within < end);
}

// True if both match at the same positions under the same conditions.
bool HaveSameConditions(const AddedToken& a, const AddedToken& b) {
  return a.content == b.content && a.special == b.special && a.single_word == b.single_word;
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) {
  std::stable_sort(tokens.begin(), tokens.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.content < b.content; });
  // One content has at most four kinds of tokens, because two flags distinguish them.
  constexpr ptrdiff_t kMaxKinds = 4;
  for (AddedToken& token : tokens) {
    const ptrdiff_t kinds = std::min(kMaxKinds, std::ssize(tokens_));
    const bool is_shadowed =
        std::any_of(tokens_.end() - kinds, tokens_.end(),
                    [&](const auto& before) { return HaveSameConditions(before, token); });
    if (is_shadowed) continue;
    ++begins_[static_cast<uint8_t>(token.content.front()) + size_t{1}];
    tokens_.push_back(std::move(token));
  }
  std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
}

std::vector<AddedTokens::Range> AddedTokens::FindPrefixes(std::string_view text) const {
  std::vector<Range> found;
  const auto first = static_cast<uint8_t>(text.front());
  const auto at = [this](size_t i) { return tokens_.begin() + static_cast<ptrdiff_t>(i); };
  Iterator begin = at(begins_[first]);
  Iterator end = at(begins_[first + size_t{1}]);
  // [begin, end) are the tokens that begin with the first `length` bytes of the text. Tokens of
  // exactly that length come first.
  for (size_t length = 1; begin != end; ++length) {
    const Iterator longer = std::find_if(
        begin, end, [length](const AddedToken& token) { return token.content.size() > length; });
    if (longer != begin) found.push_back({begin, longer});
    if (length == text.size()) break;
    const auto byte_of = [length](const AddedToken& token) {
      return static_cast<uint8_t>(token.content[length]);
    };
    const auto byte = static_cast<uint8_t>(text[length]);
    begin = std::lower_bound(longer, end, byte, [&](const AddedToken& token, uint8_t value) {
      return byte_of(token) < value;
    });
    end = std::upper_bound(begin, end, byte, [&](uint8_t value, const AddedToken& token) {
      return value < byte_of(token);
    });
  }
  return found;
}

std::optional<AddedTokens::Found> AddedTokens::Find(std::string_view text, size_t from,
                                                    bool with_special,
                                                    absl::Span<const size_t> barriers) const {
  if (tokens_.empty()) return std::nullopt;
  const auto allowed = [&](const AddedToken& token) { return with_special || !token.special; };
  for (size_t at = from; at < text.size(); ++at) {
    if (!WorkLimit::Check().ok()) return std::nullopt;
    const std::vector<Range> beginnings = FindPrefixes(text.substr(at));
    const auto longest = std::find_if(beginnings.rbegin(), beginnings.rend(), [&](const Range& r) {
      return std::any_of(r.begin, r.end, allowed) &&
             !CrossesBarrier(at, at + r.begin->content.size(), barriers);
    });
    if (longest == beginnings.rend()) continue;
    const size_t end = at + longest->begin->content.size();
    const auto token = std::find_if(longest->begin, longest->end, [&](const AddedToken& one) {
      return allowed(one) && (!one.single_word || IsWholeWord(text, at, end));
    });
    if (token == longest->end) {
      // As in `tokenizers`, no shorter token matches where the longest one is within a word.
      at = end - 1;
      continue;
    }
    const size_t before =
        token->strip_left ? unicode::TrailingSpaceBytes(text.substr(from, at - from)) : 0;
    const size_t after = token->strip_right ? unicode::LeadingSpaceBytes(text.substr(end)) : 0;
    return Found{.begin = at - before, .end = end + after, .id = token->id};
  }
  return std::nullopt;
}

}  // namespace assay::engine
