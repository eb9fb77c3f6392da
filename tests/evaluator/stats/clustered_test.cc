// Tests of the mean with clustered errors.
#include "evaluator/stats/clustered.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "evaluator/analysis/estimate.h"

namespace assay::evaluator {
namespace {

using Values = std::vector<double>;

TEST(ClusteredTest, RepeatedValuesCountOnce) {
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

TEST(ClusteredTest, TheIntervalOfAScoreStaysWithinItsBounds) {
  const Values scores = {0.1, 0.0, 3.7};
  const std::vector<int> alone = {0, 1, 2};
  const ClusteredMean unbounded = MeanOfClusters(scores, alone, 0.95);
  EXPECT_LT(*unbounded.ci_low, 0);
  const ClusteredMean score = MeanOfClusters(scores, alone, 0.95, {.low = 0, .high = 10});
  EXPECT_GT(*score.ci_low, 0);
  EXPECT_LT(*score.ci_high, 10);
  EXPECT_EQ(score.mean, unbounded.mean);
  EXPECT_EQ(score.standard_error, unbounded.standard_error);
  const ClusteredMean duration = MeanOfClusters(scores, alone, 0.95, {.low = 0});
  EXPECT_EQ(*duration.ci_low, 0);
  EXPECT_EQ(*duration.ci_high, *unbounded.ci_high);
}

// Three equal scores do not show that all texts get this score.
TEST(ClusteredTest, EqualScoresHaveAnInterval) {
  const std::vector<int> alone = {0, 1, 2};
  const Bounds bounds{.low = 0, .high = 10};
  const double others = 1 - std::cbrt(0.05);
  const ClusteredMean zeros = MeanOfClusters(Values{0, 0, 0}, alone, 0.95, bounds);
  EXPECT_EQ(*zeros.ci_low, 0);
  EXPECT_NEAR(*zeros.ci_high, 10 * others, 1e-12);
  const ClusteredMean tens = MeanOfClusters(Values{10, 10, 10}, alone, 0.95, bounds);
  EXPECT_NEAR(*tens.ci_low, 10 - 10 * others, 1e-12);
  EXPECT_EQ(*tens.ci_high, 10);
  // Repeats within a prompt vary, the prompts' means do not.
  const ClusteredMean means =
      MeanOfClusters(Values{3, 5, 3, 5}, std::vector<int>{0, 0, 1, 1}, 0.95, bounds);
  EXPECT_NEAR(*means.ci_low, 4 - 4 * (1 - std::sqrt(0.05)), 1e-12);
}

TEST(ClusteredTest, BoundsThatDoNotHoldAreIgnored) {
  const Values scores = {9, 10, 12};
  const std::vector<int> alone = {0, 1, 2};
  EXPECT_EQ(MeanOfClusters(scores, alone, 0.95, {.low = 0, .high = 10}).ci_high,
            MeanOfClusters(scores, alone, 0.95).ci_high);
}

// A mean next to a bound must not overflow or divide by 0.
TEST(ClusteredTest, MeansAtTheEdgeOfTheBoundsAreFinite) {
  const std::vector<int> alone = {0, 1, 2};
  const Bounds bounds{.low = 0, .high = 10};
  const double below_ten = std::nextafter(10.0, 0.0);
  for (const Values& scores :
       {Values{0, 0, 1e-300}, Values{0, 0, 5e-324}, Values{0, 0, 1e-8}, Values{10, 10, below_ten},
        Values{10, 10, 10 - 1e-7}, Values{0, 0, 10}, Values{10, 10, 0}, Values{0, 10, 0}}) {
    const ClusteredMean mean = MeanOfClusters(scores, alone, 0.95, bounds);
    EXPECT_TRUE(*mean.ci_low >= 0 && *mean.ci_low <= mean.mean) << *mean.ci_low;
    EXPECT_TRUE(*mean.ci_high >= mean.mean && *mean.ci_high <= 10) << *mean.ci_high;
  }
}

}  // namespace
}  // namespace assay::evaluator
