// Mean and spread of measured values.
#ifndef ASSAY_EVALUATOR_ANALYSIS_ESTIMATE_H_
#define ASSAY_EVALUATOR_ANALYSIS_ESTIMATE_H_

#include <span>
#include <vector>

#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// Mean, sample standard deviation (n - 1), median and 90th percentile of the values; 95 % Student-t
// interval of the mean with errors clustered (MeanOfClusters): values of equal `clusters`, which is
// as long as `values`, vary together. Values that are not finite or beyond kMaxMagnitude
// (stats/moments.h) are left out; `samples` says how many stayed, `n` of how many clusters. No
// interval with fewer than two clusters; with no value all is 0.
Estimate EstimateOf(std::span<const double> values, std::span<const int> clusters);
// Every value is a cluster of its own: mean -+ t(0.975, n - 1) sd / sqrt(n).
Estimate EstimateOf(std::span<const double> values);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_ESTIMATE_H_
