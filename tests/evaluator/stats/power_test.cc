// Tests of the power analysis with extreme input.
#include "evaluator/stats/power.h"

#include <gtest/gtest.h>

namespace assay::evaluator {
namespace {

TEST(PowerTest, HandlesExtremeInput) {
  EXPECT_EQ(PairedTPower(0.5, 1, 0.05), 0);
  EXPECT_NEAR(PairedTPower(0, 20, 0.05), 0.05, 1e-9);
  EXPECT_EQ(PairedTPower(1e6, 100, 0.05), 1);
  EXPECT_EQ(PairsNeeded(1e-9, 0.05, 0.8), 0);
  EXPECT_EQ(PairsNeeded(0, 0.05, 0.8), 0);
  EXPECT_EQ(DetectableEffect(1, 0.05, 0.8), 0);
  EXPECT_EQ(DetectableEffect(2, 1e-6, 0.8), 0);
  for (const int pairs : {2, 3, 10, 1000}) {
    EXPECT_NEAR(PairedTPower(DetectableEffect(pairs, 0.05, 0.8), pairs, 0.05), 0.8, 1e-6) << pairs;
  }
}

}  // namespace
}  // namespace assay::evaluator
