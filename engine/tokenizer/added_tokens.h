// Finds added tokens ("<|im_start|>") in a text.
#ifndef ASSAY_ENGINE_TOKENIZER_ADDED_TOKENS_H_
#define ASSAY_ENGINE_TOKENIZER_ADDED_TOKENS_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

struct AddedToken {
  std::string content;
  TokenId id = -1;
  // Found only where special tokens are parsed; others are always found.
  bool special = false;
  // Looked for in the text as it is, or after it was normalized.
  bool normalized = false;
  // Takes the spaces before it, or after it, along.
  bool strip_left = false;
  bool strip_right = false;
  // Not within a word.
  bool single_word = false;
};

// Leftmost first, the longest of those that begin at one place; of equal ones the first. A place in
// the text costs a few comparisons a byte of the longest match, however many tokens there are.
// Immutable, thread-safe.
class AddedTokens {
 public:
  AddedTokens() = default;
  // Contents must not be empty.
  explicit AddedTokens(std::vector<AddedToken> tokens);

  // A token in the text, with the spaces that it takes along.
  struct Found {
    size_t begin;
    size_t end;
    TokenId id;
  };
  // The first one at or after `from`.
  std::optional<Found> Find(std::string_view text, size_t from, bool with_special) const;

 private:
  using Iterator = std::vector<AddedToken>::const_iterator;
  struct Range {
    Iterator begin;
    Iterator end;
  };
  static constexpr size_t kBytes = 256;

  // Those that `text` begins with: a range for each content, the longest last.
  std::vector<Range> BeginningsOf(std::string_view text) const;

  // By content, then as they were given.
  std::vector<AddedToken> tokens_;
  // Those whose content begins with byte b are [begins_[b], begins_[b + 1]).
  std::array<size_t, kBytes + 1> begins_ = {};
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_ADDED_TOKENS_H_
