// Implementation of the step-down and step-up procedures.
#include "evaluator/stats/multiple_tests.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace assay::evaluator {
namespace {

// Returns the indices of `p_values` in ascending order of p-value.
std::vector<size_t> SortedIndices(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  return order;
}

}  // namespace

std::vector<double> HolmAdjusted(std::span<const double> p_values) {
  const std::vector<size_t> order = SortedIndices(p_values);
  std::vector<double> adjusted(p_values.size());
  double highest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto remaining = static_cast<double>(order.size() - i);
    highest = std::max(highest, std::min(1.0, remaining * p_values[order[i]]));
    adjusted[order[i]] = highest;
  }
  return adjusted;
}

std::vector<double> BenjaminiHochbergAdjusted(std::span<const double> p_values) {
  const std::vector<size_t> order = SortedIndices(p_values);
  const auto count = static_cast<double>(order.size());
  std::vector<double> adjusted(p_values.size());
  double lowest = 1;
  for (size_t i = order.size(); i > 0; --i) {
    lowest = std::min(lowest, count / static_cast<double>(i) * p_values[order[i - 1]]);
    adjusted[order[i - 1]] = lowest;
  }
  return adjusted;
}

}  // namespace assay::evaluator
