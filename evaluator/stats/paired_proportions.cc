// Implementation of McNemar's exact test and of Tango's score interval.
#include "evaluator/stats/paired_proportions.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

namespace assay::evaluator {
namespace {

constexpr double kHalf = 0.5;
constexpr int kBisections = 100;

// Tango's score statistic for a true difference `delta`: standard normal if it is true. It falls
// as `delta` rises.
double Score(const PairedCounts& counts, double delta) {
  const auto n = static_cast<double>(counts.pairs);
  const auto gains = static_cast<double>(counts.gains);
  const auto losses = static_cast<double>(counts.losses);
  const double distance = gains - losses - n * delta;
  if (distance == 0) return 0;
  // The estimate of the probability of a loss under the constraint.
  const double b = -gains - losses + (2 * n - gains + losses) * delta;
  const double c = -losses * delta * (1 - delta);
  const double loss = (std::sqrt(std::max(0.0, b * b - 8 * n * c)) - b) / (4 * n);
  const double variance = n * (2 * loss + delta * (1 - delta));
  return variance > 0 ? distance / std::sqrt(variance) : distance * HUGE_VAL;
}

// Returns the difference between `from` and `to`, in either order, at which the score is `target`.
double Solve(const PairedCounts& counts, double from, double to, double target) {
  for (int i = 0; i < kBisections; ++i) {
    const double middle = from + (to - from) / 2;
    (std::abs(Score(counts, middle)) < target ? from : to) = middle;
  }
  return from + (to - from) / 2;
}

}  // namespace

double McNemarTest(const PairedCounts& counts) {
  const int64_t changes = counts.gains + counts.losses;
  if (changes == 0) return 1;
  const boost::math::binomial binomial(static_cast<double>(changes), kHalf);
  const auto fewer = static_cast<double>(std::min(counts.gains, counts.losses));
  return std::min(1.0, 2 * boost::math::cdf(binomial, fewer));
}

ProportionDifference TestProportions(const PairedCounts& counts, double alpha) {
  const boost::math::normal normal;
  const double difference =
      static_cast<double>(counts.gains - counts.losses) / static_cast<double>(counts.pairs);
  const double critical = boost::math::quantile(boost::math::complement(normal, alpha / 2));
  ProportionDifference result{.ci_low = Solve(counts, difference, -1, critical),
                              .ci_high = Solve(counts, difference, 1, critical)};
  const double score_p =
      counts.gains == counts.losses
          ? 1
          : 2 * boost::math::cdf(boost::math::complement(normal, std::abs(Score(counts, 0))));
  result.p_value = std::max(McNemarTest(counts), score_p);
  if (result.p_value >= alpha) {
    result.ci_low = std::min(result.ci_low, 0.0);
    result.ci_high = std::max(result.ci_high, 0.0);
  }
  return result;
}

}  // namespace assay::evaluator
