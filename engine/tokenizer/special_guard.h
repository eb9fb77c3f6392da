// Finds what in a caller's text must not become special tokens.
#ifndef ASSAY_ENGINE_TOKENIZER_SPECIAL_GUARD_H_
#define ASSAY_ENGINE_TOKENIZER_SPECIAL_GUARD_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/text_marks.h"
#include "engine/tokenizer/normalizer.h"
#include "engine/tokenizer/spelling_set.h"

namespace assay::engine {

// The tokens that a chat template writes to structure a prompt: the special tokens of the model,
// and others on request. Immutable and thread-safe.
class SpecialGuard {
 public:
  // `spellings` are those of all tokens, `normalized` the normalized spellings of the tokens that
  // are matched after normalization. `normalizer` must outlive the guard.
  SpecialGuard(std::vector<std::string> spellings, std::vector<std::string> normalized,
               const std::vector<NormalizerStep>* normalizer);

  // Returns the parts of `data`, a text from a caller, that are spellings of these tokens, in
  // ascending order. An empty range at the beginning or end is a place where the text around
  // `data` could complete a spelling; white space there counts as outside, because templates strip
  // it. If normalization makes a spelling out of other characters, each character is a range.
  std::vector<TextRange> Find(std::string_view data) const;

 private:
  // True if normalization makes a spelling out of a part of `data` that is outside `ranges`.
  bool NormalizesToSpelling(std::string_view data, const std::vector<TextRange>& ranges) const;

  SpellingSet spellings_;
  SpellingSet normalized_;
  const std::vector<NormalizerStep>* normalizer_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TOKENIZER_SPECIAL_GUARD_H_
