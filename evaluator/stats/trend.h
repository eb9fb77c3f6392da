// A slope that outliers do not bend.
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

// Points beyond this many are thinned evenly: the slopes of all pairs are computed.
inline constexpr size_t kMaxTrendPoints = 1000;

// Theil's slope: the median of the slopes between every two points of different x; Sen's interval
// from Kendall's variance with ties (JASA 63, 1968): SciPy's theilslopes. All 0 with fewer than
// two different x. xs and ys have one length.
Trend TheilSen(std::span<const double> xs, std::span<const double> ys, double confidence);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_TREND_H_
