// Rankings of candidates with shared ranks where no difference is shown.
#ifndef ASSAY_EVALUATOR_ANALYSIS_RANKING_H_
#define ASSAY_EVALUATOR_ANALYSIS_RANKING_H_

#include <string_view>
#include <vector>

#include "evaluator/analysis/pairing.h"
#include "evaluator/analysis/pairwise.h"
#include "evaluator/records/analysis_result.h"

namespace assay::evaluator {

// Ranks candidates by their mean, with ranks and letters (analysis_result.h) by `tests`: those of
// every two candidates, of which the tests of other content types are ignored. Candidates without
// values are left out. Quadratic in the number of candidates.
Ranking RankCandidates(const std::vector<Unit>& units, std::string_view content_type,
                       const CandidateValues& values, const std::vector<PairwiseTest>& tests);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_RANKING_H_
