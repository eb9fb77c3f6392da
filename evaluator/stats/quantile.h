// Quantiles of measured values.
#ifndef ASSAY_EVALUATOR_STATS_QUANTILE_H_
#define ASSAY_EVALUATOR_STATS_QUANTILE_H_

#include <span>

namespace assay::evaluator {

inline constexpr double kConfidence = 0.95;

// The p-quantile (p in [0, 1]) of ascending values by linear interpolation between the two nearest
// ranks, as NumPy's default: rank p (n - 1). 0 for no values.
double Quantile(std::span<const double> ascending, double p);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_QUANTILE_H_
