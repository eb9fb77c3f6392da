// Draft tokens by prompt lookup. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_PROMPT_LOOKUP_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_PROMPT_LOOKUP_H_

#include <cstdint>

#include "absl/types/span.h"
#include "engine/tokenizer/tokenizer.h"

namespace assay::engine {

// Returns what followed an earlier occurrence of the last tokens of `tokens`: at most `max_draft`
// tokens, as a view into `tokens`. The occurrence with the longest match wins, then the latest. The
// draft is empty if the last three tokens did not occur before. Linear in the number of tokens.
// (Prompt lookup decoding: github.com/apoorvumang/prompt-lookup-decoding.)
absl::Span<const TokenId> LookUpDraft(absl::Span<const TokenId> tokens, int64_t max_draft);

// Chooses how many draft tokens pay in one sequence. It learns from the acceptance rate, and tries
// again now and then after drafts have failed. Not thread-safe.
class DraftLength {
 public:
  // Returns the length, at most `max_length`, of the longest draft of which every token is worth
  // its cost: the probability that it is accepted exceeds `row_share`. `row_share` is the part of a
  // step's time that grows with its rows, as opposed to the time that it takes to read the weights.
  int64_t Choose(double row_share, int64_t max_length) const;

  // Records that `accepted` draft tokens were accepted. `tested` counts them and the first one that
  // was rejected, if any.
  void Record(int64_t accepted, int64_t tested);
  // Records that a draft was found but not used because it would not have paid.
  void Skip();

 private:
  // The assumed acceptance rate of a new sequence.
  static constexpr double kInitialRate = 0.6;
  double acceptance_rate_ = kInitialRate;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_PROMPT_LOOKUP_H_
