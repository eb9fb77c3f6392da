// Decisions: the claims that an analysis supports, as sentences.
#ifndef ASSAY_EVALUATOR_ANALYSIS_DECISION_H_
#define ASSAY_EVALUATOR_ANALYSIS_DECISION_H_

#include <map>
#include <string>
#include <vector>

#include "evaluator/records/analysis_result.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// Describes the comparison of two candidates: better, worse, or no difference shown, with
// difference, interval, p-value (and its correction) and number of prompts. If no difference is
// shown, the sentence also states how many prompts a difference of that size would need, and at
// which level. Alpha and correction are the analysis's.
std::string DecideTwo(const Comparison& quality, const Analysis& analysis);

// Describes three or more candidates, or two without the baseline: the candidate with the highest
// mean, those that are not shown to differ from it, those that are shown to be lower, those with
// too few prompts in common with it, and finally how each compares with the baseline.
// `against_baseline` has the quality comparisons of the ranking's content type; it may be empty.
std::string DecideMany(const Ranking& ranking, const std::vector<Comparison>& against_baseline,
                       const Analysis& analysis);

// Returns the clause on failed generations for a decision: how they enter the scores, the rate of
// each candidate, and the tests against the baseline. Empty if nothing failed. `rates` has the
// success rate of each candidate, and `success` the comparisons of the success rate.
std::string DescribeFailures(const std::map<std::string, double>& rates,
                             const std::vector<Comparison>& success, FailurePolicy policy,
                             const Analysis& analysis);

// Describes a single candidate by its mean, without a comparison.
std::string DescribeOne(const Ranking& ranking);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_DECISION_H_
