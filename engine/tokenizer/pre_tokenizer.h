// Splits a text into pieces; a token never crosses the boundary of a piece.
#ifndef ASSAY_ENGINE_TOKENIZER_PRE_TOKENIZER_H_
#define ASSAY_ENGINE_TOKENIZER_PRE_TOKENIZER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/unicode/regex.h"

namespace assay::engine {

// What happens to the matches of a pattern (SplitDelimiterBehavior in `tokenizers`).
enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

struct SplitStep {
  unicode::Regex pattern;
  SplitBehavior behavior = SplitBehavior::kIsolated;
  // Makes the parts that do not match the delimiters.
  bool invert = false;
};

// Inserts a space before every piece that does not begin with one.
struct PrefixSpaceStep {};

// Replaces spaces with `replacement` and inserts one before the first piece of the text or before
// every piece. Each replacement begins a new piece if `split`.
struct MetaspaceStep {
  enum class Prefix { kNever, kFirst, kAlways };
  std::string replacement;
  Prefix prefix = Prefix::kAlways;
  bool split = true;
};

// Converts bytes to GPT-2's alphabet, and back. Steps between the two split the alphabet, as they
// do after ByteLevel in `tokenizers`.
struct EncodeBytesStep {};
struct DecodeBytesStep {};

// Splits every `length` characters.
struct FixedLengthStep {
  size_t length;
};

using PreTokenizerStep = std::variant<SplitStep, PrefixSpaceStep, MetaspaceStep, EncodeBytesStep,
                                      DecodeBytesStep, FixedLengthStep>;

// Applies the steps in order, as `tokenizers` does, and returns pieces that are not empty. `text`
// must be valid UTF-8. `starts_text` is true if its first character is that of the text that is
// encoded. Returns INVALID_ARGUMENT if a pattern exceeds its work limit.
absl::StatusOr<std::vector<std::string>> PreTokenize(const std::vector<PreTokenizerStep>& steps,
                                                     std::string_view text, bool starts_text);

// Returns the steps of a pre-tokenizer that GGUF files name (tokenizer.ggml.pre). Returns
// UNIMPLEMENTED for an unknown name, with the list of the supported ones.
absl::StatusOr<std::vector<PreTokenizerStep>> NamedPreTokenizer(std::string_view name);

// Adds the steps that split at whitespace and around punctuation, as BERT does.
absl::Status AddBertPreTokenizer(std::vector<PreTokenizerStep>* steps);

// GPT-2's pattern, which ByteLevel(use_regex=True) of `tokenizers` applies.
std::string_view Gpt2Pattern();
// The pattern of Qwen 2 and later.
std::string_view Qwen2Pattern();

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_PRE_TOKENIZER_H_
