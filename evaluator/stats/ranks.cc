// Implementation of ranks by sorting.
#include "evaluator/stats/ranks.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace assay::evaluator {
namespace {

// Calls `visit(begin, end)` for each run of equal values in `sorted`, including runs of one.
template <typename Visit>
void ForEachTie(std::span<const double> sorted, Visit visit) {
  for (size_t begin = 0; begin < sorted.size();) {
    size_t end = begin + 1;
    while (end < sorted.size() && sorted[end] == sorted[begin]) ++end;
    visit(begin, end);
    begin = end;
  }
}

}  // namespace

std::vector<double> AverageRanks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> sorted;
  sorted.reserve(values.size());
  for (const size_t i : order) sorted.push_back(values[i]);
  std::vector<double> ranks(values.size());
  ForEachTie(sorted, [&](size_t begin, size_t end) {
    const double rank = static_cast<double>(begin + 1 + end) / 2;
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = rank;
  });
  return ranks;
}

double TieTerm(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  double term = 0;
  ForEachTie(sorted, [&term](size_t begin, size_t end) {
    const auto size = static_cast<double>(end - begin);
    term += size * size * size - size;
  });
  return term;
}

}  // namespace assay::evaluator
