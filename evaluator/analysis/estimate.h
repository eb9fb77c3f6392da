// Estimates: mean, spread and interval of measured values.
#ifndef ASSAY_EVALUATOR_ANALYSIS_ESTIMATE_H_
#define ASSAY_EVALUATOR_ANALYSIS_ESTIMATE_H_

#include <span>
#include <vector>

#include "evaluator/analysis/pairing.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/stats/clustered.h"

namespace assay::evaluator {

// Returns the mean of the prompts' means with its 95 % interval (clustered errors within `bounds`,
// stats/clustered.h), and the sample standard deviation (n - 1), median and 90th percentile of the
// values. `units` is as long as `values`. Values that are not finite or beyond kMaxMagnitude
// (stats/moments.h) are left out. Estimate::samples is the number of values used and Estimate::n
// their number of clusters. With fewer than two clusters there is no interval; with no value all
// fields are 0.
Estimate EstimateOf(std::span<const double> values, std::span<const SampleUnit> units,
                    const Bounds& bounds = {});
// Treats every value as a prompt of its own, without bounds: mean -+ t(0.975, n - 1) sd / sqrt(n).
Estimate EstimateOf(std::span<const double> values);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_ESTIMATE_H_
