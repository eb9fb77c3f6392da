// Tests of the mean with clustered errors.
#include "evaluator/stats/clustered.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace assay::evaluator
