// Quantiles of measured values.
#ifndef ASSAY_EVALUATOR_STATS_QUANTILE_H_
#define ASSAY_EVALUATOR_STATS_QUANTILE_H_

#include <span>

namespace assay::evaluator {

// The confidence level of all intervals in results and reports.
inline constexpr double kConfidence = 0.95;

// Returns the p-quantile (p in [0, 1]) of values in ascending order. Interpolates linearly between
// the two nearest ranks, at rank p (n - 1), as NumPy does by default (Hyndman and Fan's type 7). 0
// for no values.
double Quantile(std::span<const double> ascending, double p);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_QUANTILE_H_
