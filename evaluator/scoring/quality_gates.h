// What spoils a text, however well it is made otherwise.
#ifndef ASSAY_EVALUATOR_SCORING_QUALITY_GATES_H_
#define ASSAY_EVALUATOR_SCORING_QUALITY_GATES_H_

#include <string_view>
#include <utility>
#include <vector>

#include "evaluator/records/evaluation.h"
#include "evaluator/scoring/dimensions.h"

namespace assay::evaluator {

// Name and factor, 0 to 1, in one order for every text: "language" (share of English function
// words), "echo" (the prompt again instead of an answer), "repetition" (copies, repeated runs of
// three words), "piles" (terms without sense), "truncation" (the token limit came before the
// sentence's end), "placeholders" ("[Your Name]"), "chatter" (a beginning about the assistant),
// "platform" (longer than the platform takes), "constraints". Formulas in docs/scoring.md. O(n).
std::vector<std::pair<std::string_view, double>> GatesOf(const ReadText& text, int copies,
                                                         std::string_view finish_reason,
                                                         const PromptConstraints& constraints);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_SCORING_QUALITY_GATES_H_
