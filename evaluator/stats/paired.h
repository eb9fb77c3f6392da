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
  // There are fewer than kMinPairs pairs: no test can reject at 0.05. All statistics are absent
  // (0, with p = 1).
  kInsufficientPairs
};

inline constexpr int kMinPairs = 6;
inline constexpr int kWarnPairs = 10;

struct PairedResult {
  PairedStatus status = PairedStatus::kInsufficientPairs;
  int n_paired = 0;
  // "wilcoxon_exact", "wilcoxon_normal", "mcnemar_exact" or "mcnemar_chi2"; empty if there was no
  // test.
  std::string method;
  double baseline_mean = 0;
  double candidate_mean = 0;
  // The mean of candidate - baseline with its 95 % bootstrap interval (10,000 resamples, fixed
  // seed).
  double diff = 0;
  double ci_low = 0;
  double ci_high = 0;
  // "bca"; "percentile" where BCa is not finite; "none" where all differences are equal.
  std::string ci_method;
  double p_value = 1;
  // The p-value of the paired t-test, for reference; 1 where all differences are equal.
  double t_test_p_value = 1;
  // Cohen's d_z = mean / standard deviation of the differences; 0 where all differences are equal.
  double effect_size = 0;
  int ties = 0;
  int n_nonzero = 0;
  // The direction of the test's evidence: 1 = the candidate's values are higher, -1 = lower,
  // 0 = neither. An outlier can give `diff` the opposite sign; p_value then does not support it.
  int direction = 0;
};

// In all functions below, baseline[i] and candidate[i] belong to the same unit (a prompt), and
// magnitudes are at most kMaxMagnitude (moments.h).

// Returns candidate[i] - baseline[i], rounded to multiples of 2^-44 of the power of two of the
// largest value. Smaller differences are rounding errors, for example of means over repeats; they
// would create spurious signs and break ties.
std::vector<double> PairedDifferences(std::span<const double> baseline,
                                      std::span<const double> candidate);

struct PairedTest {
  // As in PairedResult.
  std::string method;
  double p_value = 1;
  int direction = 0;
};

// Runs McNemar's test if all values are 0 or 1, and Wilcoxon's signed-rank test otherwise. With
// fewer than kMinPairs pairs there is no test and `method` is empty.
PairedTest TestPairs(std::span<const double> baseline, std::span<const double> candidate);

// Returns TestPairs' result with means, interval and effect size. The units must be independent.
// The bootstrap takes milliseconds per hundred pairs.
PairedResult ComparePaired(std::span<const double> baseline, std::span<const double> candidate);

// One pair per cluster: the means of its values, in ascending order of the clusters' numbers.
struct ClusteredPairs {
  std::vector<double> baseline;
  std::vector<double> candidate;
};
ClusteredPairs AverageClusters(std::span<const double> baseline, std::span<const double> candidate,
                               std::span<const int> clusters);

// Compares units that are only independent between clusters. Each cluster contributes one pair, its
// means, so clusters are the units of tests and bootstrap. `clusters` is as long as the values.
PairedResult ComparePaired(std::span<const double> baseline, std::span<const double> candidate,
                           std::span<const int> clusters);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_PAIRED_H_
