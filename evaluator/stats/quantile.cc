// Implementation of quantiles by linear interpolation.
#include "evaluator/stats/quantile.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace assay::evaluator {

double Quantile(std::span<const double> ascending, double p) {
  if (ascending.empty()) return 0;
  const double rank = p * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<size_t>(rank);
  const size_t above = std::min(below + 1, ascending.size() - 1);
  return std::lerp(ascending[below], ascending[above], rank - std::floor(rank));
}

}  // namespace assay::evaluator
