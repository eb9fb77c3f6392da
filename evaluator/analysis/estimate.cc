// Implementation of estimates.
#include "evaluator/analysis/estimate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluator/stats/moments.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

constexpr double kMedian = 0.5;
constexpr double kNinetieth = 0.9;

}  // namespace

Estimate EstimateOf(std::span<const double> values, std::span<const int> clusters,
                    const Bounds& bounds) {
  std::vector<double> kept;
  std::vector<int> kept_clusters;
  kept.reserve(values.size());
  kept_clusters.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    // The negated comparison also rejects NaN.
    if (!(std::abs(values[i]) <= kMaxMagnitude)) continue;
    kept.push_back(values[i]);
    kept_clusters.push_back(clusters[i]);
  }
  Estimate estimate;
  if (kept.empty()) return estimate;
  const ClusteredMean mean = MeanOfClusters(kept, kept_clusters, kConfidence, bounds);
  estimate.n = mean.clusters;
  estimate.samples = static_cast<int>(kept.size());
  estimate.mean = mean.mean;
  estimate.standard_deviation = MomentsOf(kept).standard_deviation;
  estimate.ci_low = mean.ci_low;
  estimate.ci_high = mean.ci_high;
  std::sort(kept.begin(), kept.end());
  estimate.p50 = Quantile(kept, kMedian);
  estimate.p90 = Quantile(kept, kNinetieth);
  return estimate;
}

Estimate EstimateOf(std::span<const double> values) {
  std::vector<int> alone(values.size());
  std::iota(alone.begin(), alone.end(), 0);
  return EstimateOf(values, alone);
}

}  // namespace assay::evaluator
