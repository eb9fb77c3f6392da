// Two lists of values, one pair a prompt: is there a difference, how large, how sure?
#ifndef ASSAY_EVALUATOR_STATS_PAIRED_H_
#define ASSAY_EVALUATOR_STATS_PAIRED_H_

#include <span>
#include <string>
#include <vector>

namespace assay::evaluator {

enum class PairedStatus {
  kOk,
  // Fewer than kWarnPairs: the result stands on little.
  kFewPairs,
  // Fewer than kMinPairs: no test can reject at 0.05; all statistics are absent (0 and p = 1).
  kInsufficientPairs
};

inline constexpr int kMinPairs = 6;
inline constexpr int kWarnPairs = 10;

struct PairedResult {
  PairedStatus status = PairedStatus::kInsufficientPairs;
  int n_paired = 0;
  // "wilcoxon_exact", "wilcoxon_normal", "mcnemar_exact", "mcnemar_chi2"; empty = no test.
  std::string method;
  double baseline_mean = 0;
  double candidate_mean = 0;
  // candidate - baseline, with the BCa bootstrap's 95 % interval (10,000 resamples, fixed seed; the
  // percentile interval where BCa is not finite: ci_method says which).
  double diff = 0;
  double ci_low = 0;
  double ci_high = 0;
  // "bca" or "percentile"; "none" where nothing varies.
  std::string ci_method;
  double p_value = 1;
  // Of the paired t-test, for comparison; 1 where nothing varies.
  double t_test_p_value = 1;
  // Cohen's d_z = mean / standard deviation of the differences; 0 where nothing varies.
  double effect_size = 0;
  int ties = 0;
  int n_nonzero = 0;
  // Where the test's evidence points: 1 = the candidate's values are higher, -1 = lower, 0 = to
  // neither side. An outlier can put `diff` on the other side of 0: then p_value says nothing for
  // it.
  int direction = 0;
};

// Below: baseline[i] and candidate[i] are of one unit (a prompt); magnitudes are at most
// kLargestValue (moments.h).

// candidate[i] - baseline[i], in whole multiples of 2^-44 of the largest value's power of two: what
// is smaller is rounding (of means over repeats, say) and would make signs and break ties.
std::vector<double> PairedDifferences(std::span<const double> baseline,
                                      std::span<const double> candidate);

struct PairedTest {
  // As PairedResult's.
  std::string method;
  double p_value = 1;
  int direction = 0;
};

// All values 0 or 1: McNemar's test, else Wilcoxon's. No method with fewer than kMinPairs.
PairedTest TestPairs(std::span<const double> baseline, std::span<const double> candidate);

// TestPairs with estimate, interval and effect; units are independent. Milliseconds a hundred
// pairs: the bootstrap.
PairedResult ComparePaired(std::span<const double> baseline, std::span<const double> candidate);

// One pair a cluster (equal numbers), in the order of their numbers: the means of its values.
struct ClusteredPairs {
  std::vector<double> baseline;
  std::vector<double> candidate;
};
ClusteredPairs AverageClusters(std::span<const double> baseline, std::span<const double> candidate,
                               std::span<const int> clusters);

// Clusters are independent, the units in one are not: a cluster's means are its one pair, so tests
// and bootstrap have clusters for units. `clusters` is as long as the values.
PairedResult ComparePaired(std::span<const double> baseline, std::span<const double> candidate,
                           std::span<const int> clusters);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_PAIRED_H_
