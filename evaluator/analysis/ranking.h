// Rankings of candidates with shared ranks where no difference is shown.
#ifndef ASSAY_EVALUATOR_ANALYSIS_RANKING_H_
#define ASSAY_EVALUATOR_ANALYSIS_RANKING_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "evaluator/analysis/pairing.h"
#include "evaluator/records/analysis_result.h"

namespace assay::evaluator {

// Values by the candidate's name.
using CandidateValues = std::map<std::string, UnitValues>;

// Ranks candidates by their mean. Every two candidates are tested by TestPairs over the clusters of
// their common units, Holm-corrected over the pairs with at least kMinPairs clusters. A candidate
// ranks below a better one only if both the test and the means over the common units agree, because
// prompts that one of them failed can reverse the order of the overall means. Candidates without
// values are left out. Quadratic in the number of candidates.
Ranking RankCandidates(const std::vector<Unit>& units, std::string_view content_type,
                       const CandidateValues& values, double alpha);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_RANKING_H_
