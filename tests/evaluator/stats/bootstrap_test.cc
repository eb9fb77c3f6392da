// Coverage of the bootstrap interval.
#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "evaluator/stats/unit_bootstrap.h"

namespace assay::evaluator {
namespace {

// A 95 % interval contains the true mean in about 95 of 100 experiments, a little less often with
// 30 skewed values.
TEST(BootstrapTest, TheIntervalCoversTheMean) {
  std::mt19937_64 random(1);
  std::exponential_distribution<double> skewed(1.0);
  int covered = 0;
  constexpr int kExperiments = 400;
  for (int i = 0; i < kExperiments; ++i) {
    std::vector<double> values(30);
    for (double& value : values) value = skewed(random);
    const auto interval = BootstrapUnits(
        values.size(),
        [&values](std::span<const size_t> units) -> std::optional<double> {
          double sum = 0;
          for (const size_t unit : units) sum += values[unit];
          return sum / static_cast<double>(units.size());
        },
        0.95);
    ASSERT_TRUE(interval.has_value());
    if (interval->low <= 1 && 1 <= interval->high) ++covered;
  }
  EXPECT_GE(covered, 0.90 * kExperiments);
  EXPECT_LE(covered, 0.97 * kExperiments);
}

}  // namespace
}  // namespace assay::evaluator
