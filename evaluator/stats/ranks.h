// Ranks of values with ties.
#ifndef ASSAY_EVALUATOR_STATS_RANKS_H_
#define ASSAY_EVALUATOR_STATS_RANKS_H_

#include <span>
#include <vector>

namespace assay::evaluator {

// Returns the rank of each value; rank 1 is the smallest. Equal values get the mean of their ranks
// (mid-ranks).
std::vector<double> AverageRanks(std::span<const double> values);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_RANKS_H_
