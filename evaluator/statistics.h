// Mean and spread of measured values.
#ifndef ASSAY_EVALUATOR_STATISTICS_H_
#define ASSAY_EVALUATOR_STATISTICS_H_

#include <span>
#include <vector>

#include "evaluator/evaluation.h"

namespace assay::evaluator {

inline constexpr double kConfidence = 0.95;

// The p-quantile (p in [0, 1]) of ascending values by linear interpolation between the two nearest
// ranks, as NumPy's default: rank p (n - 1). 0 for no values.
double Quantile(std::span<const double> ascending, double p);

// Mean, sample standard deviation (n - 1), 95 % Student-t interval of the mean (mean -+ t(0.975, n
// - 1) sd / sqrt(n)), median and 90th percentile. Values that are not finite or beyond
// kLargestValue (stats/moments.h) are left out, `n` says how many stayed. With one value the
// deviation is 0 and the interval is the value; with none all is 0.
Estimate EstimateOf(std::vector<double> values);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATISTICS_H_
