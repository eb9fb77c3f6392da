// Tests of the comparison of two paired lists.
#include "evaluator/stats/paired.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace assay::evaluator {
namespace {

using Values = std::vector<double>;

constexpr double kAlpha = 0.05;

TEST(ComparePairedTest, FewerThanSixPairsHaveNoStatistics) {
  const PairedResult result = ComparePaired(Values{1, 2, 3, 4, 5}, Values{2, 3, 4, 5, 6}, kAlpha);
  EXPECT_EQ(result.status, PairedStatus::kInsufficientPairs);
  EXPECT_EQ(result.n_paired, 5);
  EXPECT_EQ(result.method, "");
  EXPECT_EQ(result.p_value, 1);
  EXPECT_EQ(result.diff, 0);
}

TEST(ComparePairedTest, FindsAClearDifferenceWithItsInterval) {
  Values baseline;
  Values candidate;
  for (int i = 0; i < 20; ++i) {
    baseline.push_back(5 + 0.1 * (i % 7));
    candidate.push_back(baseline.back() + 1 + 0.05 * (i % 3));
  }
  const PairedResult result = ComparePaired(baseline, candidate, kAlpha);
  EXPECT_EQ(result.status, PairedStatus::kOk);
  EXPECT_EQ(result.method, "sign_flip_random");
  EXPECT_LT(result.p_value, 1e-5);
  EXPECT_LT(result.t_test_p_value, 1e-10);
  EXPECT_NEAR(result.diff, 1.0475, 1e-9);
  EXPECT_LT(result.ci_low, result.diff);
  EXPECT_GT(result.ci_high, result.diff);
  EXPECT_GT(result.ci_low, 1.0);
  EXPECT_EQ(result.ci_method, "inversion");
  EXPECT_GT(result.effect_size, 10);
}

TEST(ComparePairedTest, UsesMcNemarForBinaryValues) {
  const Values baseline = {0, 0, 0, 0, 0, 0, 0, 1, 1, 1};
  const Values candidate = {1, 1, 1, 1, 1, 1, 0, 1, 1, 1};
  const PairedResult result = ComparePaired(baseline, candidate, kAlpha);
  EXPECT_EQ(result.method, "mcnemar_exact");
  EXPECT_DOUBLE_EQ(result.p_value, 0.03125);
  EXPECT_EQ(result.ties, 4);
}

TEST(ComparePairedTest, EqualAndShiftedListsGiveFiniteResults) {
  const Values values = {1, 2, 3, 4, 5, 6, 7};
  const PairedResult same = ComparePaired(values, values, kAlpha);
  EXPECT_EQ(same.p_value, 1);
  EXPECT_EQ(same.diff, 0);
  EXPECT_EQ(same.ci_low, 0);
  EXPECT_EQ(same.ci_high, 0);
  EXPECT_EQ(same.ci_method, "none");
  EXPECT_EQ(same.effect_size, 0);
  Values shifted;
  for (const double value : values) shifted.push_back(value + 0.5);
  const PairedResult constant = ComparePaired(values, shifted, kAlpha);
  EXPECT_EQ(constant.ci_low, 0.5);
  EXPECT_EQ(constant.ci_high, 0.5);
  EXPECT_EQ(constant.effect_size, 0);
  EXPECT_LT(constant.p_value, 0.05);
}

// Means over the same repeats in a different order differ in the last bits.
TEST(ComparePairedTest, IgnoresRoundingErrors) {
  Values baseline;
  Values candidate;
  Values higher;
  for (int i = 0; i < 20; ++i) {
    const double score = 4 + 0.37 * ((i * 7) % 11);
    baseline.push_back((score + (score + 0.1) + (score + 0.2)) / 3);
    candidate.push_back(((score + 0.2) + (score + 0.1) + score) / 3);
    higher.push_back(candidate.back() + 0.1);
  }
  EXPECT_NE(baseline, candidate);
  EXPECT_EQ(ComparePaired(baseline, candidate, kAlpha).n_nonzero, 0);
  EXPECT_EQ(ComparePaired(baseline, candidate, kAlpha).p_value, 1);
  EXPECT_EQ(ComparePaired(baseline, higher, kAlpha).ci_method, "none");
}

TEST(ComparePairedTest, IsInvariantToTheUnitOfMeasurement) {
  const Values a = {1, 5, 2, 8, 3, 9, 4, 4};
  const Values b = {2, 4, 4, 9, 1, 12, 6, 7};
  const PairedResult plain = ComparePaired(a, b, kAlpha);
  EXPECT_EQ(plain.ci_method, "inversion");
  for (const int exponent : {-900, -400, 400, 900}) {
    Values small_a;
    Values small_b;
    for (const double value : a) small_a.push_back(std::scalbn(value, exponent));
    for (const double value : b) small_b.push_back(std::scalbn(value, exponent));
    const PairedResult scaled = ComparePaired(small_a, small_b, kAlpha);
    EXPECT_EQ(scaled.p_value, plain.p_value) << exponent;
    EXPECT_EQ(scaled.t_test_p_value, plain.t_test_p_value) << exponent;
    EXPECT_EQ(scaled.effect_size, plain.effect_size) << exponent;
    EXPECT_EQ(scaled.ci_method, "inversion") << exponent;
    EXPECT_EQ(scaled.ci_low, std::scalbn(plain.ci_low, exponent)) << exponent;
  }
}

// Every pair weighs the same in the mean, however large its cluster is.
TEST(ComparePairedTest, EachClusterIsOneUnitOfTheTest) {
  Values baseline;
  Values candidate;
  std::vector<int> clusters;
  double sum = 0;
  for (int cluster = 0; cluster < 8; ++cluster) {
    for (int k = 0; k <= cluster; ++k) {
      baseline.push_back(cluster);
      candidate.push_back(cluster + 1 + 0.1 * cluster + (k % 2 == 0 ? 0.5 : -0.5));
      sum += candidate.back() - baseline.back();
      clusters.push_back(7 - cluster);
    }
  }
  const PairedResult result = ComparePaired(baseline, candidate, clusters, kAlpha);
  EXPECT_EQ(result.n_paired, 8);
  EXPECT_NEAR(result.diff, sum / static_cast<double>(baseline.size()), 1e-12);
  EXPECT_NEAR(result.candidate_mean - result.baseline_mean, result.diff, 1e-12);
  // No more than 2^8 sign patterns.
  EXPECT_GE(result.p_value, 2.0 / 256);
  EXPECT_GT(result.p_value, ComparePaired(baseline, candidate, kAlpha).p_value);
}

TEST(ComparePairedTest, SmallerLevelsNeedMorePairs) {
  EXPECT_EQ(MinPairs(0.05), kMinPairs);
  EXPECT_EQ(MinPairs(0.01), 8);
  const Values values = {1, 2, 3, 4, 5, 6, 7};
  const Values zeros(7, 0.0);
  EXPECT_EQ(ComparePaired(zeros, values, 0.01).status, PairedStatus::kInsufficientPairs);
  EXPECT_EQ(ComparePaired(zeros, values, 0.05).status, PairedStatus::kFewPairs);
}

TEST(ComparePairedTest, IsDeterministic) {
  const Values a = {1, 5, 2, 8, 3, 9, 4, 4};
  const Values b = {2, 4, 4, 9, 1, 12, 6, 7};
  EXPECT_EQ(ComparePaired(a, b, kAlpha).ci_low, ComparePaired(a, b, kAlpha).ci_low);
}

}  // namespace
}  // namespace assay::evaluator
