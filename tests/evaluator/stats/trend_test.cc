// Tests of the Theil-Sen slope.
#include "evaluator/stats/trend.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay::evaluator {
namespace {

using Values = std::vector<double>;

TEST(TrendTest, IsRobustToOutliers) {
  Values xs;
  Values ys;
  for (int i = 0; i < 40; ++i) {
    xs.push_back(i);
    ys.push_back(i % 10 == 0 ? 1e12 : 3.0 * i);
  }
  EXPECT_NEAR(TheilSen(xs, ys, 0.95).slope, 3, 0.5);
}

TEST(TrendTest, ThinsManyPointsAndIsZeroWithoutTwoDifferentX) {
  Values xs;
  Values ys;
  for (int i = 0; i < 20'000; ++i) {
    xs.push_back(i);
    ys.push_back(2.0 * i);
  }
  EXPECT_DOUBLE_EQ(TheilSen(xs, ys, 0.95).slope, 2);
  EXPECT_EQ(TheilSen(Values{1}, Values{5}, 0.95).slope, 0);
  EXPECT_EQ(TheilSen({}, {}, 0.95).slope, 0);
  EXPECT_EQ(TheilSen(Values{1, 1}, Values{5, 6}, 0.95).slope, 0);
}

}  // namespace
}  // namespace assay::evaluator
