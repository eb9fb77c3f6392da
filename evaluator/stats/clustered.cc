// Implementation of the cluster-robust standard error.
#include "evaluator/stats/clustered.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <map>

#include "evaluator/stats/moments.h"

namespace assay::evaluator {
namespace {

// A standard error below this part of the bounds' distance is a rounding error.
constexpr double kRounding = 1e-9;

void SetBoundedInterval(double t, double confidence, const Bounds& bounds, ClusteredMean* mean) {
  const double range = bounds.high - bounds.low;
  // The mean of values at a bound may be rounded beyond it.
  const double center = std::clamp(mean->mean, bounds.low, bounds.high);
  const double above_low = center - bounds.low;
  const double below_high = bounds.high - center;
  if (mean->standard_error <= kRounding * range) {
    const double others = 1 - std::pow(1 - confidence, 1.0 / mean->clusters);
    mean->ci_low = center - others * above_low;
    mean->ci_high = center + others * below_high;
    return;
  }
  // exp(half) is the factor between the odds of the mean and those of either end.
  const double half = t * mean->standard_error / above_low * (range / below_high);
  const double odds = above_low / below_high;
  const auto at = [&](double exponent) {
    return bounds.low + range / (1 + std::exp(-exponent) / odds);
  };
  mean->ci_low = at(-half);
  mean->ci_high = at(half);
}

}  // namespace

ClusteredMean MeanOfClusters(std::span<const double> values, std::span<const int> clusters,
                             double confidence, const Bounds& stated) {
  const bool holds = std::all_of(values.begin(), values.end(), [&](double value) {
    return value >= stated.low && value <= stated.high;
  });
  const Bounds bounds = holds ? stated : Bounds();
  const Moments moments = MomentsOf(values);
  std::map<int, double> deviations;
  for (size_t i = 0; i < values.size(); ++i) deviations[clusters[i]] += values[i] - moments.mean;
  ClusteredMean result{.mean = moments.mean, .clusters = static_cast<int>(deviations.size())};
  if (result.clusters < 2) return result;
  const auto count = static_cast<double>(result.clusters);
  if (moments.standard_deviation > 0) {
    double squares = 0;
    const int exponent = BinaryExponent(moments.standard_deviation);
    for (const auto& [cluster, sum] : deviations) {
      const double scaled = std::scalbn(sum, -exponent);
      squares += scaled * scaled;
    }
    result.standard_error = std::scalbn(std::sqrt(count / (count - 1) * squares), exponent) /
                            static_cast<double>(values.size());
  }
  const double t = boost::math::quantile(boost::math::students_t(count - 1), (1 + confidence) / 2);
  if (std::isfinite(bounds.low) && std::isfinite(bounds.high)) {
    SetBoundedInterval(t, confidence, bounds, &result);
    return result;
  }
  result.ci_low = std::max(bounds.low, result.mean - t * result.standard_error);
  result.ci_high = std::min(bounds.high, result.mean + t * result.standard_error);
  return result;
}

}  // namespace assay::evaluator
