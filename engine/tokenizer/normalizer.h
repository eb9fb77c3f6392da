// What happens to a text before it is cut: Unicode normal forms, replacements.
#ifndef ASSAY_ENGINE_TOKENIZER_NORMALIZER_H_
#define ASSAY_ENGINE_TOKENIZER_NORMALIZER_H_

#include <string>
#include <string_view>
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
// In front of a text that is not empty.
struct Prepend {
  std::string text;
};
struct Replace {
  unicode::Regex pattern;
  std::string content;
};

using NormalizerStep = std::variant<UnicodeForm, Lowercase, StripSpaces, Prepend, Replace>;

// The steps in order, as `tokenizers` has them. `text` must be valid UTF-8. INVALID_ARGUMENT: a
// pattern gave up, or the text grew to more than 64 times its length, and is not made then.
absl::StatusOr<std::string> Normalize(const std::vector<NormalizerStep>& steps, std::string text);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_NORMALIZER_H_
