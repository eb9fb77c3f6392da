// Two-sided tests and intervals of paired values that are 0 or 1.
#ifndef ASSAY_EVALUATOR_STATS_PAIRED_PROPORTIONS_H_
#define ASSAY_EVALUATOR_STATS_PAIRED_PROPORTIONS_H_

#include <cstdint>

namespace assay::evaluator {

// The pairs of an experiment: `gains` pairs changed from 0 to 1, `losses` from 1 to 0.
struct PairedCounts {
  int64_t gains = 0;
  int64_t losses = 0;
  int64_t pairs = 0;
};

// McNemar's exact test (Psychometrika 12, 1947): the two-sided binomial test of the gains among all
// changes at one half. It equals the sign-flip test of the differences.
double McNemarTest(const PairedCounts& counts);

struct ProportionDifference {
  // The larger of the p-values of McNemar's test and of the score test.
  double p_value = 1;
  // Contains 0 exactly if p_value >= alpha.
  double ci_low = 0;
  double ci_high = 0;
};

// Tests the difference (gains - losses) / pairs. The interval is Tango's score interval
// (Statistics in Medicine 17, 1998), which has a width even if no pair changed. Where the exact
// test does not reject 0 but the interval excludes it, the interval is extended to 0, so that both
// agree. `pairs` is at least 1.
ProportionDifference TestProportions(const PairedCounts& counts, double alpha);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_PAIRED_PROPORTIONS_H_
