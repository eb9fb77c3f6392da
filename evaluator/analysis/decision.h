// What may be claimed, as sentences.
#ifndef ASSAY_EVALUATOR_ANALYSIS_DECISION_H_
#define ASSAY_EVALUATOR_ANALYSIS_DECISION_H_

#include <string>
#include <vector>

#include "evaluator/records/analysis_result.h"

namespace assay::evaluator {

// Of two candidates: better, worse, or no difference shown, with difference, interval, p-value
// (after which correction) and number of prompts; without a difference also how many prompts one of
// that size would need, at which level. Alpha and correction are the analysis's.
std::string DecideTwo(const Comparison& quality, const Analysis& analysis);

// Of three or more, or of two without the baseline: the best, who cannot be told apart from it, who
// scores lower, who has too few prompts in common with it; then what each is against the baseline
// (`against_baseline`: of quality, the ranking's content types; may be empty).
std::string DecideMany(const Ranking& ranking, const std::vector<Comparison>& against_baseline);

// Of one: its mean; there is nothing to compare it with.
std::string DescribeOne(const Ranking& ranking);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_DECISION_H_
