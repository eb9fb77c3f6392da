// Tests of paired differences; all two-sided.
#ifndef ASSAY_EVALUATOR_STATS_PAIRED_TESTS_H_
#define ASSAY_EVALUATOR_STATS_PAIRED_TESTS_H_

#include <cstdint>
#include <span>

namespace assay::evaluator {

// Non-zero differences up to which the signed-rank distribution is computed exactly.
inline constexpr int kMaxExactPairs = 50;
// Discordant pairs from which McNemar's chi-squared replaces the exact test.
inline constexpr int64_t kFewestChiSquaredPairs = 25;

struct SignedRank {
  // Zero differences are dropped before (Wilcoxon's own rule).
  int n_nonzero = 0;
  // Sum of the ranks of the positive differences.
  double positive_ranks = 0;
  double p_value = 1;
  bool exact = true;
};

// Wilcoxon's signed-rank test (Biometrics Bulletin 1, 1945). Up to kMaxExactPairs non-zero
// differences the distribution over all signs of the observed (mid-)ranks, by dynamic programming:
// without ties SciPy's wilcoxon(method="exact"), with ties its PermutationMethod over all
// permutations. Above, the normal approximation with the tie correction and no continuity
// correction: SciPy's method="approx".
SignedRank WilcoxonSignedRank(std::span<const double> differences);

// Student's paired t-test, n - 1 degrees of freedom. 1 where nothing varies or with one difference:
// SciPy has NaN or 0 there.
double PairedTTest(std::span<const double> differences);

struct McNemar {
  double p_value = 1;
  bool exact = true;
};

// McNemar (Psychometrika 12, 1947): `b` pairs where only the one, `c` where only the other
// succeeded. Exact binomial test of b out of b + c at one half, below kFewestChiSquaredPairs
// discordant pairs; else chi-squared with continuity correction, (|b - c| - 1)^2 / (b + c).
McNemar McNemarTest(int64_t b, int64_t c);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_PAIRED_TESTS_H_
