// Implementation of the step-down, step-up and closed procedures.
#include "evaluator/stats/multiple_tests.h"

#include <algorithm>
#include <cstddef>
#include <functional>
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

// Holm's procedure where at most `max_true` hypotheses can be true at once.
std::vector<double> StepDown(std::span<const double> p_values, size_t max_true) {
  const std::vector<size_t> order = SortedIndices(p_values);
  std::vector<double> adjusted(p_values.size());
  double highest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto remaining = static_cast<double>(std::min(max_true, order.size() - i));
    highest = std::max(highest, std::min(1.0, remaining * p_values[order[i]]));
    adjusted[order[i]] = highest;
  }
  return adjusted;
}

// Adjusts the p-values of one pair by the closed procedure within it.
PairPValues ClosedWithin(const PairPValues& pair) {
  const size_t count = pair.parts.size();
  PairPValues adjusted{.whole = pair.whole, .is_complete = pair.is_complete};
  const bool restricted = pair.is_complete && pair.whole.has_value();
  adjusted.parts = StepDown(pair.parts, restricted && count > 1 ? count - 1 : count);
  if (!pair.whole.has_value() || count == 0) return adjusted;
  const double weighted = std::min(1.0, *pair.whole / kWholeWeight);
  const std::vector<double> all = StepDown(pair.parts, count);
  double largest = 0;
  for (size_t i = 0; i < count; ++i) {
    const double of_parts = std::min(1.0, all[i] / (1 - kWholeWeight));
    largest = std::max(largest, of_parts);
    adjusted.parts[i] = std::max(adjusted.parts[i], std::min(weighted, of_parts));
  }
  adjusted.whole = std::max(*pair.whole, std::min(weighted, largest));
  return adjusted;
}

// The value of the set of a pair's hypotheses that is the hardest to reject.
double LargestOf(const PairPValues& adjusted) {
  double largest = adjusted.whole.value_or(0);
  for (const double p : adjusted.parts) largest = std::max(largest, p);
  return largest;
}

bool IsEmpty(const PairPValues& pair) { return !pair.whole.has_value() && pair.parts.empty(); }

// Returns the largest value of a set with a hypothesis of value `p` and sets of any other pairs,
// whose largest values are `others` in descending order.
double AcrossPairs(double p, std::span<const double> others) {
  double largest = p;
  for (size_t i = 0; i < others.size(); ++i) {
    const auto size = static_cast<double>(i + 2);
    largest = std::max(largest, std::min(1.0, size * std::min(p, others[i])));
  }
  return largest;
}

}  // namespace

std::vector<double> HolmAdjusted(std::span<const double> p_values) {
  return StepDown(p_values, p_values.size());
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

std::vector<PairPValues> ClosedAdjusted(std::span<const PairPValues> pairs) {
  std::vector<PairPValues> adjusted;
  adjusted.reserve(pairs.size());
  for (const PairPValues& pair : pairs) adjusted.push_back(ClosedWithin(pair));
  std::vector<double> largest;
  largest.reserve(pairs.size());
  for (const PairPValues& pair : adjusted) largest.push_back(LargestOf(pair));
  for (size_t i = 0; i < adjusted.size(); ++i) {
    std::vector<double> others;
    for (size_t k = 0; k < adjusted.size(); ++k) {
      if (k != i && !IsEmpty(pairs[k])) others.push_back(largest[k]);
    }
    std::sort(others.begin(), others.end(), std::greater<>());
    if (adjusted[i].whole) adjusted[i].whole = AcrossPairs(*adjusted[i].whole, others);
    for (double& p : adjusted[i].parts) p = AcrossPairs(p, others);
  }
  return adjusted;
}

}  // namespace assay::evaluator
