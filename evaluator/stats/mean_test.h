// The test of a mean that is used for every claim about a difference.
#ifndef ASSAY_EVALUATOR_STATS_MEAN_TEST_H_
#define ASSAY_EVALUATOR_STATS_MEAN_TEST_H_

#include <span>

namespace assay::evaluator {

struct MeanTest {
  double mean = 0;
  // The larger of two p-values of the hypothesis that the mean is 0.
  double p_value = 1;
  // The means that the test does not reject at `alpha`: the interval contains 0 exactly if
  // p_value >= alpha.
  double ci_low = 0;
  double ci_high = 0;
  // True if all sign patterns were enumerated.
  bool exact = true;
};

// Tests two-sidedly if the mean of `values` is 0, in which all values weigh the same. Values with
// equal numbers in `clusters` may vary together. A value of the mean is rejected only if two tests
// reject it:
//   - the sign-flip test, with whole clusters as units (sign_flip.h), and
//   - a t-test. With clusters of one size it is corrected for skewness by Hall's transformation
//     ("On the removal of skewness by transformation", JRSS B 54, 1992) of the t statistic of the
//     clusters' means. With other clusters it has CR2 errors (clustered.h).
// The first is exact for symmetric values, but with a few skewed values it rejects a true mean too
// often, as the plain t-test does; the second makes up for that.
// docs/explanation/statistics.md has the simulated error rates of both together. The interval is
// the union of the two intervals. It is infinite with fewer than 6 clusters at alpha = 0.05.
// Costs as much as SignFlipTest().
MeanTest TestMean(std::span<const double> values, std::span<const int> clusters, double alpha);

// Returns the p-value of Student's t-test that the mean is 0, for reference. Returns 1 where all
// values are equal or there is only one; SciPy returns NaN or 0 there.
double StudentTTest(std::span<const double> values);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_MEAN_TEST_H_
