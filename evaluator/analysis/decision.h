// Decisions: the claims that an analysis supports, as sentences.
#ifndef ASSAY_EVALUATOR_ANALYSIS_DECISION_H_
#define ASSAY_EVALUATOR_ANALYSIS_DECISION_H_

#include <string>
#include <vector>

#include "evaluator/records/analysis_result.h"

namespace assay::evaluator {

// Describes the comparison of two candidates: better, worse, or no difference shown, with
// difference, interval, p-value (and its correction) and number of prompts. If no difference is
// shown, the sentence also states how many prompts a difference of that size would need, and at
// which level. Alpha and correction are the analysis's.
std::string DecideTwo(const Comparison& quality, const Analysis& analysis);

// Describes three or more candidates, or two without the baseline: the best candidate, those that
// cannot be distinguished from it, those that score lower, those with too few prompts in common
// with it, and finally how each compares with the baseline. `against_baseline` has the quality
// comparisons of the ranking's content type; it may be empty.
std::string DecideMany(const Ranking& ranking, const std::vector<Comparison>& against_baseline);

// Describes a single candidate by its mean, without a comparison.
std::string DescribeOne(const Ranking& ranking);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_DECISION_H_
