// Quality gates: factors that lower the score of a spoiled text regardless of its dimensions.
//
// They are unrelated to analysis/gate.h, the pass/fail condition of a whole evaluation.
#ifndef ASSAY_EVALUATOR_SCORING_QUALITY_GATES_H_
#define ASSAY_EVALUATOR_SCORING_QUALITY_GATES_H_

#include <string_view>
#include <vector>

#include "evaluator/records/evaluation.h"
#include "evaluator/scoring/dimensions.h"

namespace assay::evaluator {

struct QualityGate {
  std::string_view name;
  double factor = 1;
  // What lowers the factor, as a sentence.
  std::string_view meaning;
};

// Returns the name and the factor (0 to 1) of every gate, in the same order for every text:
// "language" (too few function words of the prompt's language), "echo" (the prompt repeated instead
// of an answer), "repetition" (copies, repeated runs of three words), "piles" (keyword clusters),
// "truncation" (the token limit was reached before the end of a sentence), "placeholders" ("[Your
// Name]"), "chatter" (an opening about the assistant), "platform" (longer than the platform allows)
// and "constraints" (of the prompt). `copies` is the number of copies that RemoveCopies found.
// docs/explanation/scoring.md has the formulas. O(n).
std::vector<QualityGate> ComputeQualityGates(const ParsedText& text, int copies,
                                             std::string_view finish_reason,
                                             const PromptConstraints& constraints);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_QUALITY_GATES_H_
