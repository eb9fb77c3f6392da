// Means of values that are not independent.
#ifndef ASSAY_EVALUATOR_STATS_CLUSTERED_H_
#define ASSAY_EVALUATOR_STATS_CLUSTERED_H_

#include <optional>
#include <span>

namespace assay::evaluator {

struct ClusteredMean {
  double mean = 0;
  double standard_error = 0;
  // Student-t, clusters - 1 degrees of freedom; absent with fewer than two clusters: one tells
  // nothing of how much they differ.
  std::optional<double> ci_low;
  std::optional<double> ci_high;
  int clusters = 0;
};

// Values of one cluster (equal numbers in `clusters`, which is as long as `values`) vary together.
// Standard error: sqrt(G / (G - 1) x sum over the G clusters of the squared sum of their values'
// deviations) / n; the cluster-robust error that Miller ("Adding Error Bars to Evals", arXiv
// 2411.00640, section 2.2) recommends, with the small-sample factor G / (G - 1), so that clusters
// of one value give the usual s / sqrt(n), and a value told k times counts once.
ClusteredMean MeanOfClusters(std::span<const double> values, std::span<const int> clusters,
                             double confidence);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_CLUSTERED_H_
