// The mean of values that are not independent, with cluster-robust errors.
#ifndef ASSAY_EVALUATOR_STATS_CLUSTERED_H_
#define ASSAY_EVALUATOR_STATS_CLUSTERED_H_

#include <limits>
#include <optional>
#include <span>

namespace assay::evaluator {

// The values that a quantity can have. An infinite end is no bound.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

struct ClusteredMean {
  double mean = 0;
  double standard_error = 0;
  // The confidence interval of MeanOfClusters(). Absent with fewer than two clusters, because a
  // single cluster gives no information about the variation between clusters.
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
//
// The interval never leaves `bounds`. A value outside of them shows that they are not the
// quantity's, and they are ignored.
//   - No bound: Student's t with G - 1 degrees of freedom, mean -+ t x error.
//   - One bound: the same, cut at the bound, which costs no coverage.
//   - Two bounds: the logit-t interval. The t interval is computed on the scale of
//     log((mean - low) / (high - mean)), with the error of the delta method, and transformed back.
//     It is the interval of survey statistics for proportions (Korn and Graubard, Analysis of
//     Health Surveys, 1999; Stata's svy: proportion).
//   - Two bounds, and the means of all clusters are equal, so that the error is 0: with the given
//     confidence, less than q = 1 - (1 - confidence)^(1 / G) of all clusters differ from these. If
//     those are at a bound, the mean is q of the way to it. This is the "rule of three", q = 3 / G
//     for large G (Hanley and Lippman-Hand, JAMA 249, 1983).
// Why not the bootstrap: for scores from 0 to 10 and 3 to 6 prompts, BCa over the clusters covers
// 13 to 90 % instead of 95 %, and the interval here 87 to 100 %
// (tests/golden/statistics/interval_coverage.py).
ClusteredMean MeanOfClusters(std::span<const double> values, std::span<const int> clusters,
                             double confidence, const Bounds& bounds = {});

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_CLUSTERED_H_
