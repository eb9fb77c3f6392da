// Tests of the comparison of values that are 0 or 1.
#include "evaluator/stats/paired_proportions.h"

#include <gtest/gtest.h>

namespace assay::evaluator {
namespace {

TEST(PairedProportionsTest, NoChangeIsNoEvidenceButHasAWideInterval) {
  const ProportionDifference none = TestProportions({.pairs = 10}, 0.05);
  EXPECT_EQ(none.p_value, 1);
  EXPECT_LT(none.ci_low, -0.2);
  EXPECT_GT(none.ci_high, 0.2);
}

TEST(PairedProportionsTest, TheIntervalContainsZeroExactlyIfTheTestDoesNotReject) {
  for (int64_t gains = 0; gains <= 20; ++gains) {
    for (int64_t losses = 0; losses <= 20; ++losses) {
      for (const double alpha : {0.01, 0.05, 0.1}) {
        const ProportionDifference test =
            TestProportions({.gains = gains, .losses = losses, .pairs = 45}, alpha);
        EXPECT_EQ(test.ci_low <= 0 && test.ci_high >= 0, test.p_value >= alpha)
            << gains << " " << losses << " " << alpha;
        EXPECT_GE(test.p_value, McNemarTest({gains, losses, 45}));
        EXPECT_LE(test.ci_low, static_cast<double>(gains - losses) / 45);
        EXPECT_GE(test.ci_high, static_cast<double>(gains - losses) / 45);
      }
    }
  }
}

TEST(PairedProportionsTest, AllPairsMayChange) {
  const ProportionDifference all = TestProportions({.gains = 8, .pairs = 8}, 0.05);
  EXPECT_DOUBLE_EQ(all.p_value, 2.0 / 256);
  EXPECT_GT(all.ci_low, 0);
  EXPECT_NEAR(all.ci_high, 1, 1e-9);
}

}  // namespace
}  // namespace assay::evaluator
