// Finds added tokens, such as "<|im_start|>", in a text.
#ifndef ASSAY_ENGINE_TOKENIZER_ADDED_TOKENS_H_
#define ASSAY_ENGINE_TOKENIZER_ADDED_TOKENS_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// A token that is matched as a whole, before the text is tokenized. The fields are those of
// tokenizer.json.
struct AddedToken {
  std::string content;
  TokenId id = -1;
  // A special token is found only where special tokens are parsed. Others are always found.
  bool special = false;
  // The token is matched against the normalized text. Otherwise it is matched before normalization.
  bool normalized = false;
  // The token includes the whitespace before it, or after it.
  bool strip_left = false;
  bool strip_right = false;
  // The token does not match within a word.
  bool single_word = false;
};

// A set of added tokens. The leftmost match wins, then the longest, then the token that was given
// first. Where the longest match is a single_word token within a word, nothing matches, and the
// search continues behind it, as in `tokenizers`. A search costs a few comparisons per byte of the
// longest match at each position, however many tokens there are. Immutable and thread-safe.
class AddedTokens {
 public:
  AddedTokens() = default;
  // The content of each token must not be empty.
  explicit AddedTokens(std::vector<AddedToken> tokens);

  bool empty() const { return tokens_.empty(); }

  // A match, including the whitespace that the token strips.
  struct Found {
    size_t begin;
    size_t end;
    TokenId id;
  };
  // Returns the first match at or after `from`, or nullopt. `with_special` includes special tokens.
  // `barriers` are offsets in `text`, as in EncodeOptions.
  std::optional<Found> Find(std::string_view text, size_t from, bool with_special,
                            absl::Span<const size_t> barriers = {}) const;

 private:
  using Iterator = std::vector<AddedToken>::const_iterator;
  struct Range {
    Iterator begin;
    Iterator end;
  };
  static constexpr size_t kBytes = 256;

  // Returns the tokens that are a prefix of `text`: one range per content, the longest last.
  std::vector<Range> FindPrefixes(std::string_view text) const;

  // Sorted by content, then in the order they were given.
  std::vector<AddedToken> tokens_;
  // The tokens whose content begins with byte b are [begins_[b], begins_[b + 1]).
  std::array<size_t, kBytes + 1> begins_ = {};
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_ADDED_TOKENS_H_
