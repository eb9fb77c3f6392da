// Normalizes a text before pre-tokenization: Unicode normal forms, replacements.
#ifndef ASSAY_ENGINE_TOKENIZER_NORMALIZER_H_
#define ASSAY_ENGINE_TOKENIZER_NORMALIZER_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
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

using NormalizerStep = std::variant<UnicodeForm, Lowercase, StripSpaces, Prepend, Replace>;

// Applies the steps in order, as `tokenizers` does. `text` must be valid UTF-8. Returns
// INVALID_ARGUMENT if a pattern exceeds its work limit, or if the result would have more than 64
// times the length of `text` (plus 4096 bytes). The check precedes the allocation.
absl::StatusOr<std::string> Normalize(const std::vector<NormalizerStep>& steps, std::string text);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_NORMALIZER_H_
