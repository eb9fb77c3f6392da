// Mean, deviation, interval and quantiles.
#include "evaluator/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "evaluator/stats/moments.h"

namespace assay::evaluator {
namespace {

constexpr double kMedian = 0.5;
constexpr double kNinetieth = 0.9;

}  // namespace

double Quantile(std::span<const double> ascending, double p) {
  if (ascending.empty()) return 0;
  const double rank = p * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<size_t>(rank);
  const size_t above = std::min(below + 1, ascending.size() - 1);
  return std::lerp(ascending[below], ascending[above], rank - std::floor(rank));
}

Estimate EstimateOf(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !(std::abs(value) <= kLargestValue); });
  Estimate estimate;
  if (values.empty()) return estimate;
  std::sort(values.begin(), values.end());

  const Moments moments = MomentsOf(values);
  estimate.n = moments.n;
  estimate.mean = moments.mean;
  estimate.standard_deviation = moments.standard_deviation;
  estimate.p50 = Quantile(values, kMedian);
  estimate.p90 = Quantile(values, kNinetieth);
  estimate.ci_low = estimate.ci_high = estimate.mean;
  if (values.size() < 2) return estimate;

  const auto count = static_cast<double>(values.size());
  const boost::math::students_t_distribution<double> student(count - 1);
  const double t = boost::math::quantile(student, (1 + kConfidence) / 2);
  const double half_width = t * estimate.standard_deviation / std::sqrt(count);
  estimate.ci_low = estimate.mean - half_width;
  estimate.ci_high = estimate.mean + half_width;
  return estimate;
}

}  // namespace assay::evaluator
