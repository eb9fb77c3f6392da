// Implementation of Wilson's score interval.
#include "evaluator/stats/proportion.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

namespace assay::evaluator {

ProportionInterval WilsonInterval(double successes, int64_t trials, double confidence) {
  if (trials <= 0) return {};
  const double z = boost::math::quantile(boost::math::normal(), (1 + confidence) / 2);
  const auto n = static_cast<double>(trials);
  const double rate = successes / n;
  const double z2 = z * z;
  const double center = (rate + z2 / (2 * n)) / (1 + z2 / n);
  const double half = z / (1 + z2 / n) * std::sqrt(rate * (1 - rate) / n + z2 / (4 * n * n));
  // At the ends the formula gives 0 or 1 up to rounding errors.
  return {.low = successes == 0.0 ? 0.0 : std::max(0.0, center - half),
          .high = successes == n ? 1.0 : std::min(1.0, center + half)};
}

}  // namespace assay::evaluator
