// A slope estimate that is robust to outliers.
#ifndef ASSAY_EVALUATOR_STATS_TREND_H_
#define ASSAY_EVALUATOR_STATS_TREND_H_

#include <cstddef>
#include <span>

namespace assay::evaluator {

struct Trend {
  double slope = 0;
  double ci_low = 0;
  double ci_high = 0;
};

// The largest number of points that are used. Longer series are thinned evenly, because the cost is
// quadratic in the number of points.
inline constexpr size_t kMaxTrendPoints = 1000;

// Returns the Theil-Sen slope: the median of the slopes between all pairs of points with different
// x. The interval is Sen's, from Kendall's variance with ties (JASA 63, 1968). Equals SciPy's
// theilslopes. All fields are 0 with fewer than two different x. `xs` and `ys` must have the same
// length.
Trend TheilSen(std::span<const double> xs, std::span<const double> ys, double confidence);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_TREND_H_
