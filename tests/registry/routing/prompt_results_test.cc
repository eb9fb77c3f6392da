#include "registry/routing/prompt_results.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::registry {
namespace {

TEST(PromptResultsTest, GenerationsHaveEqualWeightInAPool) {
  const PromptResults a = {{.prompt = 1, .score = 4, .cost_usd = 1},
                           {.prompt = 3, .score = 8, .cost_usd = 1}};
  const PromptResults b = {{.prompt = 2, .score = 5, .cost_usd = 2},
                           {.prompt = 3, .score = 2, .cost_usd = 4, .count = 2}};
  const PromptResults pooled = Pool(a, b);
  ASSERT_EQ(pooled.size(), 3U);
  EXPECT_EQ(pooled[0].score, 4);
  EXPECT_EQ(pooled[1].score, 5);
  EXPECT_EQ(pooled[2].score, 4);
  EXPECT_EQ(pooled[2].cost_usd, 3);
  EXPECT_EQ(pooled[2].count, 3);
  EXPECT_NEAR(MeanScore(pooled), 13.0 / 3, 1e-12);
  EXPECT_EQ(MeanCost({}), 0);
}

TEST(PromptResultsTest, BoundsAreThoseOfScipy) {
  const PromptResults a = {{.prompt = 1, .score = 7.5},
                           {.prompt = 2, .score = 6},
                           {.prompt = 3, .score = 8},
                           {.prompt = 4, .score = 5},
                           {.prompt = 9, .score = 1}};
  const PromptResults b = {{.prompt = 1, .score = 7},
                           {.prompt = 2, .score = 6.5},
                           {.prompt = 3, .score = 6},
                           {.prompt = 4, .score = 4.5}};
  const PairedDifference difference = ScoreDifference(a, b);
  EXPECT_EQ(difference.prompts, 4);
  EXPECT_DOUBLE_EQ(difference.mean, 0.625);
  // d = [0.5, -0.5, 2, 0.5]; scipy.stats.sem(d)
  EXPECT_NEAR(difference.standard_error, 0.5153882032022076, 1e-12);
  // mean - scipy.stats.t.ppf(0.95, 3) * sem
  EXPECT_NEAR(difference.LowerBound(), -0.5878957521442874, 1e-9);
  // mean - sem * sqrt(2 * s / (n * r) * log(sqrt(s) / 0.05)), s = n * r + 1,
  // r = (-2 log 0.05 + log(1 - 2 log 0.05)) / 20
  EXPECT_NEAR(difference.AlwaysValidLowerBound(), -1.108708050765148, 1e-12);
  EXPECT_LT(difference.AlwaysValidLowerBound(), difference.LowerBound());
}

TEST(PromptResultsTest, OnePairShowsNothing) {
  const PairedDifference one =
      ScoreDifference({{.prompt = 1, .score = 9}}, {{.prompt = 1, .score = 1}});
  EXPECT_EQ(one.prompts, 1);
  EXPECT_TRUE(std::isinf(one.LowerBound()));
  EXPECT_LT(one.AlwaysValidLowerBound(), 0);
  EXPECT_EQ(ScoreDifference({}, {}).prompts, 0);
}

}  // namespace
}  // namespace assay::registry
