// Normalizes a text before pre-tokenization: Unicode normal forms, replacements.
#ifndef ASSAY_ENGINE_TOKENIZER_NORMALIZER_H_
#define ASSAY_ENGINE_TOKENIZER_NORMALIZER_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/tokenizer/chars_map.h"
#include "engine/unicode/regex.h"

namespace assay::engine {

enum class UnicodeForm { kNfc, kNfd, kNfkc, kNfkd };
struct Lowercase {};
struct StripSpaces {
  bool left;
  bool right;
};
// Inserts `text` before a text that is not empty.
struct Prepend {
  std::string text;
};
struct Replace {
  unicode::Regex pattern;
  std::string content;
};
// Removes combining marks.
struct StripAccents {};
// Removes control characters and replaces separators with spaces, as SentencePiece's nmt rules do.
struct NmtRules {};
// The normalization of BERT (https://github.com/google-research/bert).
struct BertRules {
  // Removes control characters and replaces every kind of whitespace with a space.
  bool clean_text = true;
  // Puts spaces around Chinese characters.
  bool separate_chinese = true;
  bool strip_accents = true;
  bool lowercase = true;
};
// Spells the bytes in GPT-2's alphabet (byte_alphabet.h).
struct EncodeBytes {};
// Replaces graphemes and characters by a table, as `tokenizers` does.
struct Precompiled {
  CharsMap map;
};
// SentencePiece's own normalization: replaces the longest prefixes by the table, then handles
// spaces. The result has the mark U+2581 for a space.
struct SentencePieceRules {
  CharsMap map;
  // Removes leading and trailing spaces and leaves one of several adjacent ones.
  bool remove_extra_spaces = true;
  bool add_dummy_prefix = true;
  // Adds the dummy prefix to the beginning of the whole text alone, and not after special tokens.
  bool prefix_first_only = false;
  // The dummy prefix follows the text.
  bool space_as_suffix = false;
  // Marks spaces with U+2581.
  bool escape_spaces = true;
};

using NormalizerStep =
    std::variant<UnicodeForm, Lowercase, StripSpaces, Prepend, Replace, StripAccents, NmtRules,
                 BertRules, EncodeBytes, Precompiled, SentencePieceRules>;

// Applies the steps in order, as `tokenizers` does. `text` must be valid UTF-8. Returns
// INVALID_ARGUMENT if a pattern exceeds its work limit, or if the result would have more than 64
// times the length of `text` (plus 4096 bytes). The check precedes the allocation. `starts_text`,
// if not null, is true if the first character is that of the whole text. It is set to false if a
// step removes that character.
absl::StatusOr<std::string> Normalize(const std::vector<NormalizerStep>& steps, std::string text,
                                      bool* starts_text = nullptr);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_NORMALIZER_H_
