// Tests of the sign-flip test and of the test of a mean.
#include "evaluator/stats/sign_flip.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "evaluator/stats/mean_test.h"

namespace assay::evaluator {
namespace {

using Values = std::vector<double>;

std::vector<int> Alone(size_t n) {
  std::vector<int> clusters(n);
  for (size_t i = 0; i < n; ++i) clusters[i] = static_cast<int>(i);
  return clusters;
}

TEST(SignFlipTest, SixIsTheSmallestNumberOfUnitsThatCanReject) {
  const SignFlip six = SignFlipTest(Values{1, 2, 3, 4, 5, 6}, Values(6, 1), 0.05);
  EXPECT_DOUBLE_EQ(six.p_value, 2.0 / 64);
  EXPECT_EQ(six.ci_low, 1);
  EXPECT_EQ(six.ci_high, 6);
  const SignFlip five = SignFlipTest(Values{1, 2, 3, 4, 5}, Values(5, 1), 0.05);
  EXPECT_DOUBLE_EQ(five.p_value, 2.0 / 32);
  EXPECT_TRUE(std::isinf(five.ci_low) && std::isinf(five.ci_high));
}

TEST(SignFlipTest, ASumOfZeroIsNoEvidence) {
  EXPECT_EQ(SignFlipTest(Values(8, 0.0), Values(8, 1), 0.05).p_value, 1);
  EXPECT_EQ(SignFlipTest(Values{1, -1, 2, -2, 3, -3}, Values(6, 1), 0.05).p_value, 1);
}

TEST(SignFlipTest, TheSignIsThatOfTheValues) {
  const Values up = {1, 2, -1, 4, 5, 6, 7};
  Values down;
  for (const double value : up) down.push_back(-value);
  const SignFlip a = SignFlipTest(up, Values(7, 1), 0.05);
  const SignFlip b = SignFlipTest(down, Values(7, 1), 0.05);
  EXPECT_EQ(a.p_value, b.p_value);
  EXPECT_EQ(a.ci_low, -b.ci_high);
  EXPECT_EQ(a.ci_high, -b.ci_low);
}

// Random patterns approximate all of them, here for 16 units beside 16 units and a zero.
TEST(SignFlipTest, RandomPatternsApproximateAll) {
  Values sixteen = {2, 1, -1, 3, 0.5, 2.5, -2, 1.5, 1, -0.5, 2, 0.7, -1.2, 1.1, 0.3, -0.4};
  const SignFlip all = SignFlipTest(sixteen, Values(16, 1), 0.05);
  EXPECT_TRUE(all.exact);
  sixteen.push_back(0);
  const SignFlip some = SignFlipTest(sixteen, Values(17, 1), 0.05);
  EXPECT_FALSE(some.exact);
  // The zero does not change the p-value. Its standard error is about 0.0015.
  EXPECT_NEAR(some.p_value, all.p_value, 0.006);
  EXPECT_EQ(SignFlipTest(sixteen, Values(17, 1), 0.05).p_value, some.p_value);
}

TEST(SignFlipTest, AClusterIsFlippedAsAWhole) {
  // Six clusters, the first of which has four values with the sum 8.
  const SignFlip flip = SignFlipTest(Values{8, 1, 1, 1, 1, 1}, Values{4, 1, 1, 1, 1, 1}, 0.05);
  EXPECT_DOUBLE_EQ(flip.p_value, 2.0 / 64);
  EXPECT_EQ(flip.ci_low, 1);
  EXPECT_EQ(flip.ci_high, 2);
}

// The verdict and the interval can never contradict each other.
TEST(MeanTestTest, TheIntervalContainsZeroExactlyIfTheTestDoesNotReject) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(0.35, 1);
  std::exponential_distribution<double> skewed(1);
  int rejected = 0;
  for (int run = 0; run < 600; ++run) {
    const size_t n = run % 10 == 0 ? 25 : 6 + static_cast<size_t>(run % 9);
    Values values(n);
    for (double& value : values) {
      value = run % 3 == 0 ? skewed(random) - 0.5 : normal(random);
      if (run % 4 == 0) value = std::round(2 * value) / 2;
    }
    std::vector<int> clusters = Alone(n);
    if (run % 5 == 0) clusters[1] = clusters[0];
    for (const double alpha : {0.05, 0.1, 0.2}) {
      const MeanTest test = TestMean(values, clusters, alpha);
      EXPECT_EQ(test.ci_low <= 0 && test.ci_high >= 0, test.p_value >= alpha)
          << "run " << run << ": " << test.ci_low << " to " << test.ci_high << ", p "
          << test.p_value;
      rejected += test.p_value < alpha ? 1 : 0;
    }
  }
  EXPECT_GT(rejected, 100);
}

TEST(MeanTestTest, FarOutValuesHaveASmallPValue) {
  Values values(60);
  for (size_t i = 0; i < values.size(); ++i) values[i] = 5 + 0.1 * static_cast<double>(i % 7);
  EXPECT_LT(TestMean(values, Alone(60), 0.05).p_value, 1e-12);
  EXPECT_GT(TestMean(values, Alone(60), 0.05).ci_low, 5);
}

TEST(MeanTestTest, EqualValuesAndSingleValuesAreFinite) {
  const MeanTest equal = TestMean(Values(7, 2.0), Alone(7), 0.05);
  EXPECT_DOUBLE_EQ(equal.p_value, 2.0 / 128);
  EXPECT_EQ(equal.ci_low, 2);
  EXPECT_EQ(equal.ci_high, 2);
  EXPECT_EQ(TestMean(Values{}, {}, 0.05).p_value, 1);
  EXPECT_EQ(StudentTTest(Values{3.0}), 1);
  EXPECT_EQ(StudentTTest(Values(10, 0.0)), 1);
}

}  // namespace
}  // namespace assay::evaluator
