// Implementation of the comparison of two paired lists.
#include "evaluator/stats/paired.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>

#include "evaluator/stats/bootstrap.h"
#include "evaluator/stats/moments.h"
#include "evaluator/stats/paired_tests.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

// The number of bits of a difference that are kept. A double has 53; the last few of a mean over
// repeats are rounding errors.
constexpr int kDifferenceBits = 44;

bool IsBinary(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return value == 0 || value == 1; });
}

int SignOf(double value) { return static_cast<int>(value > 0) - static_cast<int>(value < 0); }

PairedTest TestBinary(std::span<const double> differences) {
  const auto gains = static_cast<int64_t>(std::count(differences.begin(), differences.end(), 1.0));
  const auto losses =
      static_cast<int64_t>(std::count(differences.begin(), differences.end(), -1.0));
  const McNemar test = McNemarTest(gains, losses);
  return {.method = test.exact ? "mcnemar_exact" : "mcnemar_chi2",
          .p_value = test.p_value,
          .direction = SignOf(static_cast<double>(gains - losses))};
}

PairedTest TestRanks(std::span<const double> differences) {
  const SignedRank test = WilcoxonSignedRank(differences);
  const double n = test.n_nonzero;
  return {.method = test.exact ? "wilcoxon_exact" : "wilcoxon_normal",
          .p_value = test.p_value,
          .direction = SignOf(test.positive_ranks - n * (n + 1) / 4)};
}

}  // namespace

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

PairedTest TestPairs(std::span<const double> baseline, std::span<const double> candidate) {
  if (baseline.size() < static_cast<size_t>(kMinPairs)) return {};
  const std::vector<double> differences = PairedDifferences(baseline, candidate);
  return IsBinary(baseline) && IsBinary(candidate) ? TestBinary(differences)
                                                   : TestRanks(differences);
}

PairedResult ComparePaired(std::span<const double> baseline, std::span<const double> candidate) {
  PairedResult result;
  result.ci_method = "none";
  result.n_paired = static_cast<int>(baseline.size());
  if (result.n_paired < kMinPairs) return result;
  result.status = result.n_paired < kWarnPairs ? PairedStatus::kFewPairs : PairedStatus::kOk;
  const std::vector<double> differences = PairedDifferences(baseline, candidate);
  result.baseline_mean = MomentsOf(baseline).mean;
  result.candidate_mean = MomentsOf(candidate).mean;
  result.ties = static_cast<int>(std::count(differences.begin(), differences.end(), 0.0));
  result.n_nonzero = result.n_paired - result.ties;
  const Moments moments = MomentsOf(differences);
  result.diff = moments.mean;
  const BootstrapInterval interval = BootstrapMean(differences, kConfidence);
  result.ci_low = interval.low;
  result.ci_high = interval.high;
  if (moments.standard_deviation > 0) {
    result.effect_size = moments.mean / moments.standard_deviation;
    result.ci_method = interval.bca ? "bca" : "percentile";
  }
  result.t_test_p_value = PairedTTest(differences);
  const PairedTest test = TestPairs(baseline, candidate);
  result.method = test.method;
  result.p_value = test.p_value;
  result.direction = test.direction;
  return result;
}

ClusteredPairs AverageClusters(std::span<const double> baseline, std::span<const double> candidate,
                               std::span<const int> clusters) {
  struct Sums {
    double baseline = 0;
    double candidate = 0;
    double n = 0;
  };
  std::map<int, Sums> sums;
  for (size_t i = 0; i < clusters.size(); ++i) {
    Sums& sum = sums[clusters[i]];
    sum.baseline += baseline[i];
    sum.candidate += candidate[i];
    ++sum.n;
  }
  ClusteredPairs pairs;
  pairs.baseline.reserve(sums.size());
  pairs.candidate.reserve(sums.size());
  for (const auto& [cluster, sum] : sums) {
    pairs.baseline.push_back(sum.baseline / sum.n);
    pairs.candidate.push_back(sum.candidate / sum.n);
  }
  return pairs;
}

PairedResult ComparePaired(std::span<const double> baseline, std::span<const double> candidate,
                           std::span<const int> clusters) {
  const ClusteredPairs pairs = AverageClusters(baseline, candidate, clusters);
  return ComparePaired(pairs.baseline, pairs.candidate);
}

}  // namespace assay::evaluator
