// Coverage of the bootstrap interval.
#include "evaluator/stats/bootstrap.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace assay::evaluator {
namespace {

using Values = std::vector<double>;

// A 95 % interval contains the true mean in about 95 of 100 experiments, a little less often with
// 30 skewed values.
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

}  // namespace
}  // namespace assay::evaluator
