// Confidence sequences: intervals that hold at all times at once.
#include "registry/routing/always_valid.h"

#include <cmath>
#include <limits>

namespace assay::registry {

double AlwaysValidRadius(double n, double alpha, double tightest_at) {
  if (n < 2) return std::numeric_limits<double>::infinity();
  const double twice_log = -2 * std::log(alpha);
  // The square of the paper's rho, from its equation for the tightest time.
  const double rho = (twice_log + std::log(twice_log + 1)) / tightest_at;
  const double scaled = n * rho + 1;
  return std::sqrt(2 * scaled / (n * rho) * std::log(std::sqrt(scaled) / alpha));
}

}  // namespace assay::registry
