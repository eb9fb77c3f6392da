// Implementation of the sign-flip test by the means of subsets.
#include "evaluator/stats/sign_flip.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

namespace assay::evaluator {
namespace {

constexpr int kWordBits = 64;
constexpr uint64_t kSeed = 20'261'130;
// A subset sum below this part of the sum of all magnitudes is a rounding error of 0. Scores with
// few decimals have many subsets whose sum is 0.
constexpr double kRounding = 1e-9;

// The sums and sizes of non-empty subsets of units.
struct Subsets {
  std::vector<double> sums;
  std::vector<double> sizes;
};

Subsets AllSubsets(std::span<const double> sums, std::span<const double> sizes) {
  Subsets subsets;
  const size_t count = size_t{1} << sums.size();
  subsets.sums.resize(count);
  subsets.sizes.resize(count);
  for (size_t mask = 1; mask < count; ++mask) {
    const auto unit = static_cast<size_t>(std::countr_zero(mask));
    const size_t rest = mask & (mask - 1);
    subsets.sums[mask] = subsets.sums[rest] + sums[unit];
    subsets.sizes[mask] = subsets.sizes[rest] + sizes[unit];
  }
  subsets.sums.erase(subsets.sums.begin());
  subsets.sizes.erase(subsets.sizes.begin());
  return subsets;
}

// Draws subsets in which each unit is with probability one half.
Subsets RandomSubsets(std::span<const double> sums, std::span<const double> sizes) {
  std::mt19937_64 random(kSeed);
  Subsets subsets;
  subsets.sums.reserve(kRandomFlips - 1);
  subsets.sizes.reserve(kRandomFlips - 1);
  while (subsets.sums.size() < static_cast<size_t>(kRandomFlips - 1)) {
    double sum = 0;
    double size = 0;
    for (size_t start = 0; start < sums.size(); start += kWordBits) {
      const size_t end = std::min(start + kWordBits, sums.size());
      uint64_t word = random();
      for (size_t i = start; i < end; ++i, word >>= 1U) {
        const auto chosen = static_cast<double>(word & 1U);
        sum += chosen * sums[i];
        size += chosen * sizes[i];
      }
    }
    if (size == 0) continue;
    subsets.sums.push_back(sum);
    subsets.sizes.push_back(size);
  }
  return subsets;
}

void RemoveRounding(double magnitude, std::vector<double>* sums) {
  for (double& sum : *sums) {
    if (std::abs(sum) <= kRounding * magnitude) sum = 0;
  }
}

// Returns the two-sided p-value if `extreme` of `patterns` are at least as extreme on one side.
double TwoSided(double extreme, double patterns) { return std::min(1.0, 2 * extreme / patterns); }

// Returns the largest number of extreme patterns with which the test rejects.
int64_t MostThatReject(double patterns, double alpha) {
  auto most = std::max<int64_t>(0, static_cast<int64_t>(alpha * patterns / 2) - 1);
  while (TwoSided(static_cast<double>(most + 1), patterns) < alpha) ++most;
  return most;
}

}  // namespace

SignFlip SignFlipTest(std::span<const double> sums, std::span<const double> sizes, double alpha) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  SignFlip result{.ci_low = -kInfinity, .ci_high = kInfinity};
  if (sums.empty()) return result;
  result.exact = sums.size() <= static_cast<size_t>(kMaxExactUnits);
  Subsets subsets = result.exact ? AllSubsets(sums, sizes) : RandomSubsets(sums, sizes);
  double magnitude = 0;
  for (const double sum : sums) magnitude += std::abs(sum);
  RemoveRounding(magnitude, &subsets.sums);
  const auto patterns = static_cast<double>(subsets.sums.size() + 1);
  const double total = std::accumulate(sums.begin(), sums.end(), 0.0);
  if (std::abs(total) > kRounding * magnitude) {
    // The identity is the pattern of the empty subset.
    const auto extreme = 1 + std::count_if(subsets.sums.begin(), subsets.sums.end(),
                                           [&](double s) { return total > 0 ? s <= 0 : s >= 0; });
    result.p_value = result.exact || extreme >= kMinExtremeFlips
                         ? TwoSided(static_cast<double>(extreme), patterns)
                         : std::exp2(1 - static_cast<double>(sums.size()));
  }
  // Not even all patterns together could reject.
  if (std::exp2(1 - static_cast<double>(sums.size())) >= alpha) return result;
  int64_t most = MostThatReject(patterns, alpha);
  if (!result.exact) most = std::max<int64_t>(most, kMinExtremeFlips - 1);
  std::vector<double> means(subsets.sums.size());
  for (size_t i = 0; i < means.size(); ++i) means[i] = subsets.sums[i] / subsets.sizes[i];
  const auto low = means.begin() + static_cast<ptrdiff_t>(most - 1);
  std::nth_element(means.begin(), low, means.end());
  result.ci_low = *low;
  const auto high = means.end() - static_cast<ptrdiff_t>(most);
  std::nth_element(means.begin(), high, means.end());
  result.ci_high = *high;
  return result;
}

}  // namespace assay::evaluator
