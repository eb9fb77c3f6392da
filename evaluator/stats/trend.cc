// Implementation of the Theil-Sen slope from the slopes between all pairs of points.
#include "evaluator/stats/trend.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

constexpr double kMedian = 0.5;
constexpr double kKendallDivisor = 18;
constexpr double kKendallOffset = 5;

// Returns evenly spaced values, including the first and the last.
std::vector<double> Subsample(std::span<const double> values) {
  if (values.size() <= kMaxTrendPoints) return {values.begin(), values.end()};
  std::vector<double> kept;
  kept.reserve(kMaxTrendPoints);
  for (size_t i = 0; i < kMaxTrendPoints; ++i) {
    kept.push_back(values[i * (values.size() - 1) / (kMaxTrendPoints - 1)]);
  }
  return kept;
}

std::vector<double> Slopes(std::span<const double> xs, std::span<const double> ys) {
  std::vector<double> slopes;
  slopes.reserve(xs.size() * (xs.size() - std::min<size_t>(xs.size(), 1)) / 2);
  for (size_t i = 0; i < xs.size(); ++i) {
    for (size_t k = i + 1; k < xs.size(); ++k) {
      if (xs[k] != xs[i]) slopes.push_back((ys[k] - ys[i]) / (xs[k] - xs[i]));
    }
  }
  std::sort(slopes.begin(), slopes.end());
  return slopes;
}

double KendallTerm(double n) { return n * (n - 1) * (2 * n + kKendallOffset); }

double TieCorrection(std::span<const double> values) {
  std::map<double, int64_t> counts;
  for (const double value : values) ++counts[value];
  double sum = 0;
  for (const auto& [value, count] : counts) sum += KendallTerm(static_cast<double>(count));
  return sum;
}

}  // namespace

Trend TheilSen(std::span<const double> all_xs, std::span<const double> all_ys, double confidence) {
  const std::vector<double> xs = Subsample(all_xs);
  const std::vector<double> ys = Subsample(all_ys);
  const std::vector<double> slopes = Slopes(xs, ys);
  if (slopes.empty()) return {};
  const double variance =
      (KendallTerm(static_cast<double>(ys.size())) - TieCorrection(xs) - TieCorrection(ys)) /
      kKendallDivisor;
  const double z = boost::math::quantile(boost::math::normal(), (1 + confidence) / 2);
  const double half_width = z * std::sqrt(std::max(0.0, variance));
  const auto count = static_cast<int64_t>(slopes.size());
  // nearbyint rounds halves to even, as Python's round() does in SciPy.
  const auto low =
      static_cast<int64_t>(std::nearbyint((static_cast<double>(count) - half_width) / 2)) - 1;
  const auto high =
      static_cast<int64_t>(std::nearbyint((static_cast<double>(count) + half_width) / 2));
  return {.slope = Quantile(slopes, kMedian),
          .ci_low = slopes[static_cast<size_t>(std::clamp<int64_t>(low, 0, count - 1))],
          .ci_high = slopes[static_cast<size_t>(std::clamp<int64_t>(high, 0, count - 1))]};
}

}  // namespace assay::evaluator
