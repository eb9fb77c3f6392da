// Finds added tokens ("<|im_start|>") in a text.
#ifndef ASSAY_ENGINE_TEXT_SPECIAL_TOKENS_H_
#define ASSAY_ENGINE_TEXT_SPECIAL_TOKENS_H_

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/text/tokenizer.h"

namespace assay::engine {

// Leftmost first, the longest of those that begin at one place. Not thread-safe while adding, then
// immutable.
class SpecialTokens {
 public:
  // control: found only where special tokens are parsed; others are always found.
  void Add(std::string spelling, TokenId id, bool control);

  struct Found {
    size_t offset;
    size_t bytes;
    TokenId id;
  };
  // The first one at or after `from`.
  std::optional<Found> Find(std::string_view text, size_t from, bool with_control) const;

 private:
  struct Entry {
    std::string spelling;
    TokenId id;
    bool control;
  };
  static constexpr size_t kBytes = 256;

  // By first byte, the longest first.
  std::array<std::vector<Entry>, kBytes> by_first_byte_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_SPECIAL_TOKENS_H_
