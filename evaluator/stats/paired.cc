// Implementation of the comparison of two paired lists.
#include "evaluator/stats/paired.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>

#include "evaluator/stats/mean_test.h"
#include "evaluator/stats/moments.h"
#include "evaluator/stats/paired_proportions.h"

namespace assay::evaluator {
namespace {

// The number of bits of a difference that are kept. A double has 53; the last few of a mean over
// repeats are rounding errors.
constexpr int kDifferenceBits = 44;

bool IsBinary(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return value == 0 || value == 1; });
}

// Returns the mean of each cluster's values.
std::vector<double> ClusterMeans(std::span<const double> values, std::span<const int> clusters) {
  std::map<int, std::pair<double, double>> sums;
  for (size_t i = 0; i < values.size(); ++i) {
    auto& [sum, size] = sums[clusters[i]];
    sum += values[i];
    ++size;
  }
  std::vector<double> means;
  means.reserve(sums.size());
  for (const auto& [cluster, sum] : sums) means.push_back(sum.first / sum.second);
  return means;
}

void TestBinary(std::span<const double> differences, double alpha, PairedResult* result) {
  const PairedCounts counts{.gains = std::count(differences.begin(), differences.end(), 1.0),
                            .losses = std::count(differences.begin(), differences.end(), -1.0),
                            .pairs = static_cast<int64_t>(differences.size())};
  const ProportionDifference test = TestProportions(counts, alpha);
  result->method = "mcnemar_exact";
  result->p_value = test.p_value;
  result->ci_method = "score";
  result->ci_low = test.ci_low;
  result->ci_high = test.ci_high;
}

void TestMeans(std::span<const double> differences, std::span<const int> clusters, double alpha,
               PairedResult* result) {
  const MeanTest test = TestMean(differences, clusters, alpha);
  result->method = test.exact ? "sign_flip_exact" : "sign_flip_random";
  result->p_value = test.p_value;
  if (result->n_nonzero == 0 || MomentsOf(differences).standard_deviation == 0) {
    result->ci_low = result->ci_high = result->diff;
    return;
  }
  result->ci_method = "inversion";
  // Rounding must not separate the mean from its interval.
  result->ci_low = std::min(test.ci_low, result->diff);
  result->ci_high = std::max(test.ci_high, result->diff);
}

}  // namespace

int MinPairs(double alpha) {
  int pairs = kMinPairs;
  while (std::ldexp(2.0, -pairs) >= alpha) ++pairs;
  return pairs;
}

std::vector<double> PairedDifferences(std::span<const double> baseline,
                                      std::span<const double> candidate) {
  const int exponent = BinaryExponent(std::max(MaxAbs(baseline), MaxAbs(candidate)));
  std::vector<double> differences;
  differences.reserve(baseline.size());
  for (size_t i = 0; i < baseline.size(); ++i) {
    const double scaled = std::scalbn(candidate[i] - baseline[i], kDifferenceBits - exponent);
    // Adding 0 turns -0 into 0, so that reports do not print "-0".
    differences.push_back(std::scalbn(std::nearbyint(scaled), exponent - kDifferenceBits) + 0.0);
  }
  return differences;
}

PairedResult ComparePaired(std::span<const double> baseline, std::span<const double> candidate,
                           std::span<const int> clusters, double alpha) {
  PairedResult result;
  result.ci_method = "none";
  const std::vector<double> differences = PairedDifferences(baseline, candidate);
  const std::vector<double> units = ClusterMeans(differences, clusters);
  result.n_paired = static_cast<int>(units.size());
  if (result.n_paired < MinPairs(alpha)) return result;
  result.status = result.n_paired < kWarnPairs ? PairedStatus::kFewPairs : PairedStatus::kOk;
  result.baseline_mean = MomentsOf(baseline).mean;
  result.candidate_mean = MomentsOf(candidate).mean;
  result.ties = static_cast<int>(std::count(units.begin(), units.end(), 0.0));
  result.n_nonzero = result.n_paired - result.ties;
  result.diff = MomentsOf(differences).mean;
  const double deviation = MomentsOf(units).standard_deviation;
  if (deviation > 0) result.effect_size = result.diff / deviation;
  result.t_test_p_value = StudentTTest(units);
  if (IsBinary(baseline) && IsBinary(candidate) && units.size() == differences.size()) {
    TestBinary(differences, alpha, &result);
  } else {
    TestMeans(differences, clusters, alpha, &result);
  }
  return result;
}

PairedResult ComparePaired(std::span<const double> baseline, std::span<const double> candidate,
                           double alpha) {
  std::vector<int> alone(baseline.size());
  std::iota(alone.begin(), alone.end(), 0);
  return ComparePaired(baseline, candidate, alone, alpha);
}

}  // namespace assay::evaluator
