// Ranks of values.
#ifndef ASSAY_EVALUATOR_STATS_RANKS_H_
#define ASSAY_EVALUATOR_STATS_RANKS_H_

#include <span>
#include <vector>

namespace assay::evaluator {

// 1 = the smallest; equal values share the mean of their ranks (mid-ranks).
std::vector<double> AverageRanks(std::span<const double> values);

// Sum over groups of equal values of t^3 - t, t the group's size.
double TieTerm(std::span<const double> values);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_RANKS_H_
