// A random sample of rows.
#include "client/tables/row_sample.h"

#include <algorithm>
#include <numeric>
#include <queue>
#include <utility>

namespace assay::client {
namespace {

// The next output of SplitMix64.
uint64_t NextKey(uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

}  // namespace

std::vector<int64_t> SampleRows(int64_t rows, int64_t limit, uint64_t seed) {
  std::vector<int64_t> sample;
  if (limit == 0 || limit >= rows) {
    sample.resize(static_cast<size_t>(std::max<int64_t>(rows, 0)));
    std::iota(sample.begin(), sample.end(), int64_t{0});
    return sample;
  }
  std::priority_queue<std::pair<uint64_t, int64_t>> smallest;
  for (int64_t row = 0; row < rows; ++row) {
    smallest.emplace(NextKey(seed), row);
    if (smallest.size() > static_cast<size_t>(limit)) smallest.pop();
  }
  for (; !smallest.empty(); smallest.pop()) sample.push_back(smallest.top().second);
  std::sort(sample.begin(), sample.end());
  return sample;
}

}  // namespace assay::client
