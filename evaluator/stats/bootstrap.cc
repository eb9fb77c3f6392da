// Implementation of BCa intervals from replicates and jackknife values.
#include "evaluator/stats/bootstrap.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

#include "evaluator/stats/moments.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

constexpr double kHalf = 0.5;
constexpr double kAccelerationFactor = 6;
constexpr double kAccelerationPower = 1.5;

// One sixth of the skewness of the jackknife influence values.
double Acceleration(std::span<const double> jackknife) {
  const double mean = std::accumulate(jackknife.begin(), jackknife.end(), 0.0) /
                      static_cast<double>(jackknife.size());
  std::vector<double> influences;
  influences.reserve(jackknife.size());
  for (const double value : jackknife) influences.push_back(mean - value);
  // The result has no unit, so scaling is free and keeps cubes of small values from underflowing.
  const int exponent = BinaryExponent(MaxAbs(influences));
  double squares = 0;
  double cubes = 0;
  for (const double unscaled : influences) {
    const double influence = std::scalbn(unscaled, -exponent);
    squares += influence * influence;
    cubes += influence * influence * influence;
  }
  return cubes / (kAccelerationFactor * std::pow(squares, kAccelerationPower));
}

double FractionBelow(std::span<const double> ascending, double value) {
  const auto [first, last] = std::equal_range(ascending.begin(), ascending.end(), value);
  const auto below = static_cast<double>(first - ascending.begin());
  const auto equal = static_cast<double>(last - first);
  return (below + kHalf * equal) / static_cast<double>(ascending.size());
}

}  // namespace

BootstrapInterval BcaInterval(double observed, std::vector<double> replicates,
                              std::span<const double> jackknife, double confidence) {
  std::sort(replicates.begin(), replicates.end());
  const double tail = (1 - confidence) / 2;
  BootstrapInterval interval{
      .low = Quantile(replicates, tail), .high = Quantile(replicates, 1 - tail), .bca = false};
  const double below = FractionBelow(replicates, observed);
  const double acceleration = Acceleration(jackknife);
  if (!(below > 0 && below < 1) || !std::isfinite(acceleration)) return interval;
  const boost::math::normal normal;
  const double bias = boost::math::quantile(normal, below);
  const double z = boost::math::quantile(normal, 1 - tail);
  const auto adjusted = [&](double quantile) {
    const double sum = bias + quantile;
    return boost::math::cdf(normal, bias + sum / (1 - acceleration * sum));
  };
  const double low = adjusted(-z);
  const double high = adjusted(z);
  if (!(low < high)) return interval;
  return {.low = Quantile(replicates, low), .high = Quantile(replicates, high), .bca = true};
}

}  // namespace assay::evaluator
