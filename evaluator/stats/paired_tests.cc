// Implementation of the signed-rank test, the paired t-test and McNemar's test.
#include "evaluator/stats/paired_tests.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "evaluator/stats/moments.h"
#include "evaluator/stats/ranks.h"

namespace assay::evaluator {
namespace {

// Mid-ranks are multiples of one half, so doubled ranks are integers. The counts of sign patterns
// stay below 2^50, which a double represents exactly.
double ExactP(std::span<const double> ranks, double positive) {
  std::vector<size_t> doubled;
  doubled.reserve(ranks.size());
  for (const double rank : ranks) doubled.push_back(static_cast<size_t>(std::lround(2 * rank)));
  const size_t total = std::accumulate(doubled.begin(), doubled.end(), size_t{0});
  std::vector<double> ways(total + 1, 0.0);
  ways[0] = 1;
  size_t max_sum = 0;
  for (const size_t rank : doubled) {
    max_sum += rank;
    for (size_t sum = max_sum; sum >= rank; --sum) ways[sum] += ways[sum - rank];
  }
  const auto observed = static_cast<size_t>(std::lround(2 * positive));
  // The distribution is symmetric about total / 2.
  const size_t lower = std::min(observed, total - observed);
  const double tail =
      std::accumulate(ways.begin(), ways.begin() + static_cast<ptrdiff_t>(lower) + 1, 0.0);
  return std::min(1.0, 2 * tail / std::exp2(static_cast<double>(ranks.size())));
}

double NormalP(std::span<const double> magnitudes, double positive) {
  const auto n = static_cast<double>(magnitudes.size());
  const double mean = n * (n + 1) / 4;
  const double variance = (n * (n + 1) * (2 * n + 1) - TieTerm(magnitudes) / 2) / 24;
  const double z = std::abs(positive - mean) / std::sqrt(variance);
  return 2 * boost::math::cdf(boost::math::complement(boost::math::normal(), z));
}

}  // namespace

SignedRank WilcoxonSignedRank(std::span<const double> differences) {
  std::vector<double> magnitudes;
  std::vector<bool> positive;
  magnitudes.reserve(differences.size());
  positive.reserve(differences.size());
  for (const double difference : differences) {
    if (difference == 0) continue;
    magnitudes.push_back(std::abs(difference));
    positive.push_back(difference > 0);
  }
  SignedRank result;
  result.n_nonzero = static_cast<int>(magnitudes.size());
  if (magnitudes.empty()) return result;
  const std::vector<double> ranks = AverageRanks(magnitudes);
  for (size_t i = 0; i < ranks.size(); ++i) {
    if (positive[i]) result.positive_ranks += ranks[i];
  }
  result.exact = result.n_nonzero <= kMaxExactPairs;
  result.p_value = result.exact ? ExactP(ranks, result.positive_ranks)
                                : NormalP(magnitudes, result.positive_ranks);
  return result;
}

double PairedTTest(std::span<const double> differences) {
  const Moments moments = MomentsOf(differences);
  if (moments.n < 2 || moments.standard_deviation == 0) return 1;
  const auto n = static_cast<double>(moments.n);
  const double t = std::abs(moments.mean) / (moments.standard_deviation / std::sqrt(n));
  const boost::math::students_t student(n - 1);
  return std::min(1.0, 2 * boost::math::cdf(boost::math::complement(student, t)));
}

McNemar McNemarTest(int64_t b, int64_t c) {
  const int64_t discordant = b + c;
  McNemar result;
  result.exact = discordant < kMinChiSquaredPairs;
  if (discordant == 0) return result;
  if (result.exact) {
    const boost::math::binomial binomial(static_cast<double>(discordant), 0.5);
    const double tail = boost::math::cdf(binomial, static_cast<double>(std::min(b, c)));
    result.p_value = std::min(1.0, 2 * tail);
    return result;
  }
  const double distance = std::max(0.0, std::abs(static_cast<double>(b - c)) - 1);
  const double statistic = distance * distance / static_cast<double>(discordant);
  result.p_value =
      boost::math::cdf(boost::math::complement(boost::math::chi_squared(1), statistic));
  return result;
}

}  // namespace assay::evaluator
