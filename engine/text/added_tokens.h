// Finds added tokens ("<|im_start|>") in a text.
#ifndef ASSAY_ENGINE_TEXT_ADDED_TOKENS_H_
#define ASSAY_ENGINE_TEXT_ADDED_TOKENS_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/tokenizer.h"

namespace assay::engine {

struct AddedToken {
  std::string content;
  TokenId id = -1;
  // Found only where special tokens are parsed; others are always found.
  bool special = false;
  // Looked for in the text as it is, or after it was normalised.
  bool normalized = false;
  // Takes the spaces before it, or after it, along.
  bool strip_left = false;
  bool strip_right = false;
  // Not within a word.
  bool single_word = false;
};

// Leftmost first, the longest of those that begin at one place. Not thread-safe while adding, then
// immutable.
class AddedTokens {
 public:
  // `token.content` must not be empty.
  void Add(AddedToken token);

  // A token in the text, with the spaces that it takes along.
  struct Found {
    size_t begin;
    size_t end;
    TokenId id;
  };
  // The first one at or after `from`.
  std::optional<Found> Find(std::string_view text, size_t from, bool with_special) const;

 private:
  static constexpr size_t kBytes = 256;

  bool empty_ = true;
  // By first byte, the longest first.
  std::array<std::vector<AddedToken>, kBytes> by_first_byte_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_ADDED_TOKENS_H_
