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

// A cluster's number of values and the sum of their deviations from the mean.
struct Cluster {
  double size = 0;
  double deviation = 0;
};

double DegreesOfFreedom(const std::map<int, Cluster>& clusters, double count) {
  double squares = 0;
  double ratios = 0;
  double squared_ratios = 0;
  for (const auto& [number, cluster] : clusters) {
    const double share = cluster.size / count;
    const double ratio = share * share / (1 - share);
    squares += share * share;
    ratios += ratio;
    squared_ratios += ratio * ratio;
  }
  return 1 / (squares + ratios * ratios - squared_ratios);
}

double StandardError(const std::map<int, Cluster>& clusters, double count, int exponent) {
  double squares = 0;
  for (const auto& [number, cluster] : clusters) {
    const double scaled = std::scalbn(cluster.deviation, -exponent);
    squares += scaled * scaled / (1 - cluster.size / count);
  }
  return std::scalbn(std::sqrt(squares), exponent) / count;
}

}  // namespace

ClusteredMean MeanOfClusters(std::span<const double> values, std::span<const int> clusters,
                             double confidence, const Bounds& stated) {
  const bool holds = std::all_of(values.begin(), values.end(), [&](double value) {
    return value >= stated.low && value <= stated.high;
  });
  const Bounds bounds = holds ? stated : Bounds();
  const Moments moments = MomentsOf(values);
  std::map<int, Cluster> found;
  for (size_t i = 0; i < values.size(); ++i) {
    Cluster& cluster = found[clusters[i]];
    ++cluster.size;
    cluster.deviation += values[i] - moments.mean;
  }
  ClusteredMean result{.mean = moments.mean, .clusters = static_cast<int>(found.size())};
  if (result.clusters < 2) return result;
  const auto count = static_cast<double>(values.size());
  result.degrees_of_freedom = DegreesOfFreedom(found, count);
  if (moments.standard_deviation > 0) {
    result.standard_error = StandardError(found, count, BinaryExponent(moments.standard_deviation));
  }
  const double t = boost::math::quantile(boost::math::students_t(result.degrees_of_freedom),
                                         (1 + confidence) / 2);
  if (std::isfinite(bounds.low) && std::isfinite(bounds.high)) {
    SetBoundedInterval(t, confidence, bounds, &result);
    return result;
  }
  result.ci_low = std::max(bounds.low, result.mean - t * result.standard_error);
  result.ci_high = std::min(bounds.high, result.mean + t * result.standard_error);
  return result;
}

}  // namespace assay::evaluator
