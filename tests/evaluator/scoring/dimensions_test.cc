// Tests of the dimensions.
#include "evaluator/scoring/dimensions.h"

#include <gtest/gtest.h>

namespace assay::evaluator {
namespace {

TEST(DimensionsTest, BandFitIsMonotone) {
  const Band band{.low = 100, .high = 300};
  double before = 0;
  for (int value = 0; value <= 100; ++value) {
    EXPECT_GE(BandFit(value, band), before);
    before = BandFit(value, band);
  }
  EXPECT_EQ(BandFit(100, band), 1);
  EXPECT_EQ(BandFit(300, band), 1);
  for (int value = 300; value <= 1000; ++value) {
    EXPECT_LE(BandFit(value, band), before);
    before = BandFit(value, band);
  }
  EXPECT_EQ(BandFit(600, band), 0);
}

}  // namespace
}  // namespace assay::evaluator
