// Tests of quantiles against numpy.quantile.
#include "evaluator/stats/quantile.h"

#include <gtest/gtest.h>

#include <vector>

namespace assay::evaluator {
namespace {

TEST(QuantileTest, InterpolatesBetweenRanks) {
  const std::vector<double> values = {1, 2, 4, 8};
  EXPECT_DOUBLE_EQ(Quantile(values, 0.5), 3);
  EXPECT_DOUBLE_EQ(Quantile(values, 0.9), 6.8);
  EXPECT_DOUBLE_EQ(Quantile(values, 1.0 / 3), 2);
}

TEST(QuantileTest, EndsAreTheSmallestAndTheLargestValue) {
  const std::vector<double> values = {-1, 0, 5};
  EXPECT_EQ(Quantile(values, 0), -1);
  EXPECT_EQ(Quantile(values, 1), 5);
  EXPECT_EQ(Quantile(std::vector<double>{7}, 0.9), 7);
}

TEST(QuantileTest, NoValuesGiveZero) { EXPECT_EQ(Quantile({}, 0.5), 0); }

}  // namespace
}  // namespace assay::evaluator
