// The comparison of two paired lists of values, with one pair per prompt: the test, the difference
// and its interval.
#ifndef ASSAY_EVALUATOR_STATS_PAIRED_H_
#define ASSAY_EVALUATOR_STATS_PAIRED_H_

#include <span>
#include <string>
#include <vector>

namespace assay::evaluator {

enum class PairedStatus {
  kOk,
  // There are fewer than kWarnPairs pairs: the evidence is thin.
  kFewPairs,
  // There are fewer than MinPairs(alpha) pairs: no test can reject. All statistics are absent (0,
  // with p = 1).
  kInsufficientPairs
};

// The smallest number of pairs with which a sign-flip test can reject at 0.05.
inline constexpr int kMinPairs = 6;
inline constexpr int kWarnPairs = 10;

// Returns the smallest number of pairs, at least kMinPairs, with which the sign-flip test can
// reject at the level `alpha`: its smallest p-value is 2 / 2^n.
int MinPairs(double alpha);

struct PairedResult {
  PairedStatus status = PairedStatus::kInsufficientPairs;
  // The number of independent units: pairs, or clusters of pairs.
  int n_paired = 0;
  // "sign_flip_exact", "sign_flip_random" or "mcnemar_exact"; empty if there was no test.
  // Evaluations of older versions have "wilcoxon_exact", "wilcoxon_normal" or "mcnemar_chi2".
  std::string method;
  // The means over the pairs, all of which weigh the same.
  double baseline_mean = 0;
  double candidate_mean = 0;
  // The mean of candidate - baseline, with the values that the test does not reject: the interval
  // contains 0 exactly if p_value >= alpha.
  double diff = 0;
  double ci_low = 0;
  double ci_high = 0;
  // "inversion" of the sign-flip test, "score" for 0 and 1, and "none" where all differences are
  // equal. Evaluations of older versions have "bca" or "percentile".
  std::string ci_method;
  double p_value = 1;
  // The p-value of the paired t-test over the pairs (the clusters' means, if there are clusters),
  // for reference; 1 where all differences are equal.
  double t_test_p_value = 1;
  // Cohen's d_z = mean / standard deviation of the differences; 0 where all differences are equal.
  double effect_size = 0;
  int ties = 0;
  int n_nonzero = 0;
};

// In all functions below, baseline[i] and candidate[i] belong to the same pair (a prompt), and
// magnitudes are at most kMaxMagnitude (moments.h).

// Returns candidate[i] - baseline[i], rounded to multiples of 2^-44 of the power of two of the
// largest value. Smaller differences are rounding errors, for example of means over repeats; they
// would create spurious signs.
std::vector<double> PairedDifferences(std::span<const double> baseline,
                                      std::span<const double> candidate);

// Compares the means of two paired lists at the two-sided level `alpha`. Pairs with equal numbers
// in `clusters` (as long as the lists) may vary together, and are one unit of the test. Values that
// are all 0 or 1, in clusters of one, are compared by TestProportions() (paired_proportions.h), all
// others by TestMean() (mean_test.h), which determines the cost. With fewer than
// MinPairs(alpha) units there is no test.
PairedResult ComparePaired(std::span<const double> baseline, std::span<const double> candidate,
                           std::span<const int> clusters, double alpha);
// Treats every pair as a unit.
PairedResult ComparePaired(std::span<const double> baseline, std::span<const double> candidate,
                           double alpha);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_PAIRED_H_
