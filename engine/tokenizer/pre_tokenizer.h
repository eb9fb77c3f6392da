// Cuts a text into the pieces that a token never crosses.
#ifndef ASSAY_ENGINE_TOKENIZER_PRE_TOKENIZER_H_
#define ASSAY_ENGINE_TOKENIZER_PRE_TOKENIZER_H_

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/unicode/regex.h"

namespace assay::engine {

// What becomes of the matches of a pattern (`tokenizers`' SplitDelimiterBehavior).
enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

struct SplitStep {
  unicode::Regex pattern;
  SplitBehavior behavior = SplitBehavior::kIsolated;
  // What does not match is the delimiter.
  bool invert = false;
};

// A space in front of every piece that has none.
struct PrefixSpaceStep {};

// Spaces become `replacement`, with one in front of the text's first piece or of every piece; each
// begins a piece of its own if `split`.
struct MetaspaceStep {
  enum class Prefix { kNever, kFirst, kAlways };
  std::string replacement;
  Prefix prefix = Prefix::kAlways;
  bool split = true;
};

// Bytes become the characters of GPT-2's alphabet, or these become bytes again: between the two,
// other steps cut as they do after `tokenizers`' ByteLevel.
struct SpellBytesStep {};
struct UnspellBytesStep {};

using PreTokenizerStep =
    std::variant<SplitStep, PrefixSpaceStep, MetaspaceStep, SpellBytesStep, UnspellBytesStep>;

// The steps in order, as `tokenizers` has them; no piece is empty. `text` must be valid UTF-8;
// starts_text: it stands at the very beginning of what is encoded. INVALID_ARGUMENT: a pattern gave
// up.
absl::StatusOr<std::vector<std::string>> PreTokenize(const std::vector<PreTokenizerStep>& steps,
                                                     std::string_view text, bool starts_text);

// The steps that GGUF calls by a name (tokenizer.ggml.pre). UNIMPLEMENTED names another, with the
// list of those that are read.
absl::StatusOr<std::vector<PreTokenizerStep>> NamedPreTokenizer(std::string_view name);

// GPT-2's pattern, which `tokenizers` calls ByteLevel(use_regex=True).
std::string_view Gpt2Pattern();

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_PRE_TOKENIZER_H_
