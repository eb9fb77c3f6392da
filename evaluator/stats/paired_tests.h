// Two-sided tests of paired differences.
#ifndef ASSAY_EVALUATOR_STATS_PAIRED_TESTS_H_
#define ASSAY_EVALUATOR_STATS_PAIRED_TESTS_H_

#include <cstdint>
#include <span>

namespace assay::evaluator {

// The largest number of non-zero differences for which the signed-rank distribution is exact.
inline constexpr int kMaxExactPairs = 50;
// The smallest number of discordant pairs for which McNemar's test uses the chi-squared
// distribution.
inline constexpr int64_t kMinChiSquaredPairs = 25;

struct SignedRank {
  // The number of non-zero differences. Zero differences are dropped first, as Wilcoxon does.
  int n_nonzero = 0;
  // The sum of the ranks of the positive differences.
  double positive_ranks = 0;
  double p_value = 1;
  bool exact = true;
};

// Wilcoxon's signed-rank test (Biometrics Bulletin 1, 1945). With up to kMaxExactPairs non-zero
// differences, the distribution over all signs of the observed (mid-)ranks is computed by dynamic
// programming: without ties it equals SciPy's wilcoxon(method="exact"), with ties SciPy's
// PermutationMethod over all permutations. With more differences, the normal approximation is used
// with the tie correction and without continuity correction (SciPy's method="approx").
SignedRank WilcoxonSignedRank(std::span<const double> differences);

// Returns the p-value of Student's paired t-test with n - 1 degrees of freedom. Returns 1 where all
// differences are equal or there is only one; SciPy returns NaN or 0 there.
double PairedTTest(std::span<const double> differences);

struct McNemar {
  double p_value = 1;
  bool exact = true;
};

// McNemar's test (Psychometrika 12, 1947). `b` is the number of pairs in which only the first
// succeeded, `c` the number in which only the second did. Below kMinChiSquaredPairs discordant
// pairs it is the exact binomial test of b out of b + c at one half. Otherwise it is the
// chi-squared test with continuity correction, (|b - c| - 1)^2 / (b + c).
McNemar McNemarTest(int64_t b, int64_t c);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_PAIRED_TESTS_H_
