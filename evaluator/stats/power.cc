// Implementation of power analysis by the noncentral t distribution.
#include "evaluator/stats/power.h"

#include <algorithm>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/policies/policy.hpp>
#include <cmath>

namespace assay::evaluator {
namespace {

constexpr int kMaxPairs = 1'000'000;
// Larger effects have a power of 1 with any number of pairs above two or three.
constexpr double kMaxEffect = 1e3;
// With a larger noncentrality the power is 1 in double precision for every alpha that plans allow.
constexpr double kMaxNoncentrality = 50;
constexpr int kBisections = 200;

// Returns a value instead of throwing where a series does not converge.
using NoThrow = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>>;

}  // namespace

double PairedTPower(double effect, int pairs, double alpha) {
  if (pairs < 2) return 0;
  const double freedom = pairs - 1;
  const boost::math::students_t_distribution<double, NoThrow> central(freedom);
  const double critical = boost::math::quantile(boost::math::complement(central, alpha / 2));
  const double noncentrality = std::abs(effect) * std::sqrt(static_cast<double>(pairs));
  if (noncentrality - critical > kMaxNoncentrality) return 1;
  const boost::math::non_central_t_distribution<double, NoThrow> shifted(freedom, noncentrality);
  const double above = boost::math::cdf(boost::math::complement(shifted, critical));
  const double below = boost::math::cdf(shifted, -critical);
  const double power = above + below;
  return std::isfinite(power) ? std::clamp(power, 0.0, 1.0) : 1;
}

int PairsNeeded(double effect, double alpha, double power) {
  if (PairedTPower(effect, kMaxPairs, alpha) < power) return 0;
  int enough = 2;
  while (enough < kMaxPairs && PairedTPower(effect, enough, alpha) < power) {
    enough = std::min(2 * enough, kMaxPairs);
  }
  int too_few = enough / 2;
  while (enough - too_few > 1) {
    const int middle = too_few + (enough - too_few) / 2;
    (PairedTPower(effect, middle, alpha) < power ? too_few : enough) = middle;
  }
  return std::max(enough, 2);
}

double DetectableEffect(int pairs, double alpha, double power) {
  if (pairs < 2 || PairedTPower(kMaxEffect, pairs, alpha) < power) return 0;
  double low = 0;
  double high = kMaxEffect;
  for (int i = 0; i < kBisections && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    (PairedTPower(middle, pairs, alpha) < power ? low : high) = middle;
  }
  return high;
}

}  // namespace assay::evaluator
