// What SciPy has no cases for: ends, degenerate input, coverage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "evaluator/analysis/estimate.h"
#include "evaluator/stats/bootstrap.h"
#include "evaluator/stats/clustered.h"
#include "evaluator/stats/paired.h"
#include "evaluator/stats/paired_tests.h"
#include "evaluator/stats/power.h"
#include "evaluator/stats/proportion.h"
#include "evaluator/stats/trend.h"

namespace assay::evaluator {
namespace {

using Values = std::vector<double>;

TEST(PairedTestsTest, NothingThatVariesIsNoEvidence) {
  const Values zeros(10, 0.0);
  EXPECT_EQ(WilcoxonSignedRank(zeros).p_value, 1);
  EXPECT_EQ(WilcoxonSignedRank(zeros).n_nonzero, 0);
  EXPECT_EQ(PairedTTest(zeros), 1);
  EXPECT_EQ(PairedTTest(Values{3.0}), 1);
  EXPECT_EQ(McNemarTest(0, 0).p_value, 1);
}

TEST(PairedTestsTest, SixPairsAreTheFewestThatCanReject) {
  EXPECT_DOUBLE_EQ(WilcoxonSignedRank(Values{1, 2, 3, 4, 5, 6}).p_value, 0.03125);
  EXPECT_GT(WilcoxonSignedRank(Values{1, 2, 3, 4, 5}).p_value, 0.05);
}

TEST(ComparePairedTest, FewerThanSixPairsHaveNoStatistics) {
  const PairedResult result = ComparePaired(Values{1, 2, 3, 4, 5}, Values{2, 3, 4, 5, 6});
  EXPECT_EQ(result.status, PairedStatus::kInsufficientPairs);
  EXPECT_EQ(result.n_paired, 5);
  EXPECT_EQ(result.method, "");
  EXPECT_EQ(result.p_value, 1);
  EXPECT_EQ(result.diff, 0);
}

TEST(ComparePairedTest, AClearDifferenceIsFoundWithItsInterval) {
  Values baseline;
  Values candidate;
  for (int i = 0; i < 20; ++i) {
    baseline.push_back(5 + 0.1 * (i % 7));
    candidate.push_back(baseline.back() + 1 + 0.05 * (i % 3));
  }
  const PairedResult result = ComparePaired(baseline, candidate);
  EXPECT_EQ(result.status, PairedStatus::kOk);
  EXPECT_EQ(result.method, "wilcoxon_exact");
  EXPECT_LT(result.p_value, 1e-5);
  EXPECT_LT(result.t_test_p_value, 1e-10);
  EXPECT_NEAR(result.diff, 1.0475, 1e-9);
  EXPECT_LT(result.ci_low, result.diff);
  EXPECT_GT(result.ci_high, result.diff);
  EXPECT_GT(result.ci_low, 1.0);
  EXPECT_EQ(result.ci_method, "bca");
  EXPECT_GT(result.effect_size, 10);
}

TEST(ComparePairedTest, OnesAndZerosAreMcNemars) {
  const Values baseline = {0, 0, 0, 0, 0, 0, 0, 1, 1, 1};
  const Values candidate = {1, 1, 1, 1, 1, 1, 0, 1, 1, 1};
  const PairedResult result = ComparePaired(baseline, candidate);
  EXPECT_EQ(result.method, "mcnemar_exact");
  EXPECT_DOUBLE_EQ(result.p_value, 0.03125);
  EXPECT_EQ(result.ties, 4);
}

TEST(ComparePairedTest, TheSameTwiceIsNoDifferenceAndNothingIsNaN) {
  const Values values = {1, 2, 3, 4, 5, 6, 7};
  const PairedResult same = ComparePaired(values, values);
  EXPECT_EQ(same.p_value, 1);
  EXPECT_EQ(same.diff, 0);
  EXPECT_EQ(same.ci_low, 0);
  EXPECT_EQ(same.ci_high, 0);
  EXPECT_EQ(same.ci_method, "none");
  EXPECT_EQ(same.effect_size, 0);
  Values shifted;
  for (const double value : values) shifted.push_back(value + 0.5);
  const PairedResult constant = ComparePaired(values, shifted);
  EXPECT_EQ(constant.ci_low, 0.5);
  EXPECT_EQ(constant.ci_high, 0.5);
  EXPECT_EQ(constant.effect_size, 0);
  EXPECT_LT(constant.p_value, 0.05);
}

// Means over the same repeats in another order differ in the last bits.
TEST(ComparePairedTest, RoundingIsNoDifferenceAndBreaksNoTies) {
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
  EXPECT_EQ(ComparePaired(baseline, candidate).n_nonzero, 0);
  EXPECT_EQ(ComparePaired(baseline, candidate).p_value, 1);
  EXPECT_EQ(ComparePaired(baseline, higher).ci_method, "none");
}

TEST(ComparePairedTest, TheUnitOfMeasurementDoesNotMatter) {
  const Values a = {1, 5, 2, 8, 3, 9, 4, 4};
  const Values b = {2, 4, 4, 9, 1, 12, 6, 7};
  const PairedResult plain = ComparePaired(a, b);
  EXPECT_EQ(plain.ci_method, "bca");
  for (const int exponent : {-900, -400, 400, 900}) {
    Values small_a;
    Values small_b;
    for (const double value : a) small_a.push_back(std::scalbn(value, exponent));
    for (const double value : b) small_b.push_back(std::scalbn(value, exponent));
    const PairedResult scaled = ComparePaired(small_a, small_b);
    EXPECT_EQ(scaled.p_value, plain.p_value) << exponent;
    EXPECT_EQ(scaled.t_test_p_value, plain.t_test_p_value) << exponent;
    EXPECT_EQ(scaled.effect_size, plain.effect_size) << exponent;
    EXPECT_EQ(scaled.ci_method, "bca") << exponent;
    EXPECT_EQ(scaled.ci_low, std::scalbn(plain.ci_low, exponent)) << exponent;
  }
}

TEST(ComparePairedTest, TheDirectionIsTheTests) {
  const Values zeros(10, 0.0);
  EXPECT_EQ(ComparePaired(zeros, Values{1, 2, 3, 4, 5, 6, 7, 8, 9, -100}).direction, 1);
  EXPECT_LT(ComparePaired(zeros, Values{1, 2, 3, 4, 5, 6, 7, 8, 9, -100}).diff, 0);
  EXPECT_EQ(ComparePaired(zeros, zeros).direction, 0);
  EXPECT_EQ(ComparePaired(Values(10, 1.0), zeros).direction, -1);
}

TEST(ComparePairedTest, AClusterIsOnePair) {
  Values baseline;
  Values candidate;
  std::vector<int> clusters;
  for (int cluster = 0; cluster < 8; ++cluster) {
    for (int k = 0; k <= cluster; ++k) {
      baseline.push_back(cluster);
      candidate.push_back(cluster + 1 + 0.1 * cluster + (k % 2 == 0 ? 0.5 : -0.5));
      clusters.push_back(7 - cluster);
    }
  }
  const PairedResult result = ComparePaired(baseline, candidate, clusters);
  EXPECT_EQ(result.n_paired, 8);
  EXPECT_DOUBLE_EQ(result.p_value, 2.0 / 256);
  const ClusteredPairs pairs = AverageClusters(baseline, candidate, clusters);
  EXPECT_EQ(pairs.baseline.front(), 7);
  EXPECT_EQ(ComparePaired(pairs.baseline, pairs.candidate).ci_low, result.ci_low);
  EXPECT_GT(result.p_value, ComparePaired(baseline, candidate).p_value);
}

TEST(ComparePairedTest, IsTheSameEveryTime) {
  const Values a = {1, 5, 2, 8, 3, 9, 4, 4};
  const Values b = {2, 4, 4, 9, 1, 12, 6, 7};
  EXPECT_EQ(ComparePaired(a, b).ci_low, ComparePaired(a, b).ci_low);
}

// A 95 % interval holds the true mean in about 95 of 100 experiments; skewed values and 30 of them
// cost a little.
TEST(BootstrapTest, TheIntervalCoversTheMean) {
  std::mt19937_64 random(1);
  std::exponential_distribution<double> skewed(1.0);
  int covered = 0;
  constexpr int kExperiments = 400;
  for (int i = 0; i < kExperiments; ++i) {
    Values values(30);
    for (double& value : values) value = skewed(random);
    const BootstrapInterval interval = BootstrapMean(values, 0.95);
    if (interval.low <= 1 && 1 <= interval.high) ++covered;
  }
  EXPECT_GE(covered, 0.90 * kExperiments);
  EXPECT_LE(covered, 0.97 * kExperiments);
}

TEST(ClusteredTest, AValueToldFiveTimesCountsOnce) {
  const Values once = {1, 2, 4, 8, 3, 5};
  Values five;
  std::vector<int> clusters;
  std::vector<int> alone;
  for (size_t i = 0; i < once.size(); ++i) {
    alone.push_back(static_cast<int>(i));
    for (int k = 0; k < 5; ++k) {
      five.push_back(once[i]);
      clusters.push_back(static_cast<int>(i));
    }
  }
  const ClusteredMean repeated = MeanOfClusters(five, clusters, 0.95);
  const ClusteredMean single = MeanOfClusters(once, alone, 0.95);
  const Estimate usual = EstimateOf(once);
  EXPECT_NEAR(*repeated.ci_low, *single.ci_low, 1e-12);
  EXPECT_NEAR(*repeated.ci_high, *usual.ci_high, 1e-12);
}

TEST(ClusteredTest, OneClusterHasNoInterval) {
  const ClusteredMean mean = MeanOfClusters(Values{1, 3}, std::vector<int>{0, 0}, 0.95);
  EXPECT_EQ(mean.mean, 2);
  EXPECT_FALSE(mean.ci_low.has_value());
  EXPECT_FALSE(mean.ci_high.has_value());
}

TEST(WilsonTest, NoTrialsKnowNothing) {
  EXPECT_EQ(WilsonInterval(0, 0, 0.95).low, 0);
  EXPECT_EQ(WilsonInterval(0, 0, 0.95).high, 1);
}

TEST(PowerTest, EndsAreFinite) {
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

TEST(TrendTest, OutliersDoNotBendIt) {
  Values xs;
  Values ys;
  for (int i = 0; i < 40; ++i) {
    xs.push_back(i);
    ys.push_back(i % 10 == 0 ? 1e12 : 3.0 * i);
  }
  EXPECT_NEAR(TheilSen(xs, ys, 0.95).slope, 3, 0.5);
}

TEST(TrendTest, ManyPointsAreThinnedAndOnePointHasNone) {
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
