// Who is best, and who cannot be told apart from it.
#ifndef ASSAY_EVALUATOR_ANALYSIS_RANKING_H_
#define ASSAY_EVALUATOR_ANALYSIS_RANKING_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "evaluator/analysis/pairing.h"
#include "evaluator/records/analysis_result.h"

namespace assay::evaluator {

// By name of the candidate.
using CandidateValues = std::map<std::string, UnitValues>;

// Every two candidates by TestPairs over the clusters of their common units, Holm-corrected over
// the pairs that have enough of them. One is told apart from a better one only where the test and
// the means over the common units say so too: prompts that one of them failed may turn the overall
// means about. Candidates without any value are left out.
Ranking RankCandidates(const std::vector<Unit>& units, std::string_view content_type,
                       const CandidateValues& values, double alpha);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_RANKING_H_
