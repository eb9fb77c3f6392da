// Isotonic regression: the best increasing function.
#include "evaluator/stats/isotonic.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace assay::evaluator {
namespace {

// Merges the last block into the one before it.
void MergeLast(std::vector<IsotonicBlock>* blocks) {
  const IsotonicBlock last = blocks->back();
  blocks->pop_back();
  IsotonicBlock& merged = blocks->back();
  const double weight = merged.weight + last.weight;
  merged.value = (merged.value * merged.weight + last.value * last.weight) / weight;
  merged.weight = weight;
  merged.high = last.high;
}

}  // namespace

IsotonicFit::IsotonicFit(std::span<const double> x, std::span<const double> y) {
  std::vector<size_t> order(x.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t i, size_t j) { return x[i] < x[j]; });
  std::vector<IsotonicBlock> points;
  for (const size_t i : order) {
    points.push_back({.low = x[i], .high = x[i], .value = y[i], .weight = 1});
    if (points.size() > 1 && points[points.size() - 2].high == x[i]) MergeLast(&points);
  }
  for (const IsotonicBlock& point : points) {
    blocks_.push_back(point);
    while (blocks_.size() > 1 && blocks_[blocks_.size() - 2].value >= blocks_.back().value) {
      MergeLast(&blocks_);
    }
  }
}

double IsotonicFit::operator()(double x) const {
  const auto next = std::upper_bound(blocks_.begin(), blocks_.end(), x,
                                     [](double at, const IsotonicBlock& b) { return at < b.low; });
  if (next == blocks_.begin()) return blocks_.front().value;
  const IsotonicBlock& block = *(next - 1);
  if (x <= block.high || next == blocks_.end()) return block.value;
  const double part = (x - block.high) / (next->low - block.high);
  return block.value + part * (next->value - block.value);
}

}  // namespace assay::evaluator
