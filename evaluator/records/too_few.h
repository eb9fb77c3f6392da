// Says in words that a quality figure rests on too few prompts.
#ifndef ASSAY_EVALUATOR_RECORDS_TOO_FEW_H_
#define ASSAY_EVALUATOR_RECORDS_TOO_FEW_H_

#include <string>

#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// Returns "too few prompts (3 of 6)" if a quality figure over so many prompts (clusters, if there
// are any) is no evidence: no test of fewer than kMinPairs prompts can reject at 0.05 (paired.h).
// Returns an empty string if they suffice, or if there are none.
std::string TooFewPrompts(int prompts);
// Likewise for the two kinds of quality figures.
std::string TooFewPrompts(const Estimate& quality);
std::string TooFewPrompts(const RankedCandidate& candidate);

// Returns "no verdict is possible at 5 prompts; at least 6 are needed".
std::string NoVerdictText(int prompts, int needed);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_TOO_FEW_H_
