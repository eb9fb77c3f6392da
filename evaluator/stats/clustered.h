// The mean of values that are not independent, with cluster-robust errors.
#ifndef ASSAY_EVALUATOR_STATS_CLUSTERED_H_
#define ASSAY_EVALUATOR_STATS_CLUSTERED_H_

#include <optional>
#include <span>

namespace assay::evaluator {

struct ClusteredMean {
  double mean = 0;
  double standard_error = 0;
  // The Student-t interval with clusters - 1 degrees of freedom. Absent with fewer than two
  // clusters, because a single cluster gives no information about the variation between clusters.
  std::optional<double> ci_low;
  std::optional<double> ci_high;
  int clusters = 0;
};

// Returns the mean of `values` with a cluster-robust standard error. `clusters` is as long as
// `values`; values with equal numbers belong to one cluster and are assumed to vary together. The
// standard error is sqrt(G / (G - 1) x S) / n, where G is the number of clusters and S is the sum
// over clusters of the squared sum of their values' deviations from the mean. Miller ("Adding Error
// Bars to Evals", arXiv 2411.00640, section 2.2) recommends this error; G / (G - 1) is the
// small-sample factor. With one value per cluster the error is the usual s / sqrt(n), and a value
// that is repeated k times in its cluster counts once.
ClusteredMean MeanOfClusters(std::span<const double> values, std::span<const int> clusters,
                             double confidence);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_CLUSTERED_H_
