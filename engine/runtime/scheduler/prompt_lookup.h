// Guesses how a text goes on, from the text itself. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_PROMPT_LOOKUP_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_PROMPT_LOOKUP_H_

#include <cstdint>

#include "absl/types/span.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// What followed the text's last tokens where they stood before: at most `most` tokens, a view into
// `text`. Of several places the one with the longest match, then the latest; empty if the last
// three tokens were never there. Linear in the text (prompt lookup decoding: github.com/apoorvumang
// /prompt-lookup-decoding).
absl::Span<const TokenId> LookUpDraft(absl::Span<const TokenId> text, int64_t most);

// How long a draft pays in one sequence: learns how often its guesses were right, and tries again
// now and then when they were not. Not thread-safe.
class DraftLength {
 public:
  // The longest draft whose every token is worth its cost. row_share: the part of a step's time
  // that its rows take, rather than the weights' way through memory; the chance that a token is
  // accepted must exceed it. At most `most`.
  int64_t Choose(double row_share, int64_t most) const;

  // Of a draft, `accepted` tokens were right; `tested`: those, and the first that was wrong.
  void Learn(int64_t accepted, int64_t tested);
  // There was a draft, but it would not have paid.
  void Skip();

 private:
  // A guess's chance, at first.
  static constexpr double kFirst = 0.6;
  double chance_ = kFirst;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_PROMPT_LOOKUP_H_
