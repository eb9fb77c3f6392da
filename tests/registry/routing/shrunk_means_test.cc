// Tests of shrunk means, with a simulation of the winner's curse.
#include "registry/routing/shrunk_means.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

namespace assay::registry {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

// Scores around `qualities`, with a difficulty of each prompt and noise of standard deviation 1.
std::vector<PromptResults> Simulate(const std::vector<double>& qualities, size_t prompts,
                                    std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::vector<PromptResults> models(qualities.size());
  for (size_t prompt = 0; prompt < prompts; ++prompt) {
    const double difficulty = normal(random);
    for (size_t i = 0; i < qualities.size(); ++i) {
      models[i].push_back({.prompt = prompt, .score = qualities[i] - difficulty + normal(random)});
    }
  }
  return models;
}

TEST(ShrunkMeansTest, TheFormulaIsJamesAndSteins) {
  // The means are 1, 2, 3 and 6 around 3, S = 14. The residuals are +-0.5 in two models: their
  // squares sum to 1 over (2 - 1)(4 - 1) degrees, so v = 1 / 3 / 2, and 1 - 1 x v / 14 is kept.
  const std::vector<PromptResults> models = {
      {{.prompt = 1, .score = 0.5}, {.prompt = 2, .score = 1.5}},
      {{.prompt = 1, .score = 2.5}, {.prompt = 2, .score = 1.5}},
      {{.prompt = 1, .score = 3}, {.prompt = 2, .score = 3}},
      {{.prompt = 1, .score = 6}, {.prompt = 2, .score = 6}}};
  const double kept = 1 - 1.0 / 6 / 14;
  EXPECT_THAT(ShrunkMeans(models),
              ElementsAre(DoubleNear(3 - 2 * kept, 1e-12), DoubleNear(3 - kept, 1e-12),
                          DoubleNear(3, 1e-12), DoubleNear(3 + 3 * kept, 1e-12)));
}

TEST(ShrunkMeansTest, FewModelsOrPromptsAreNotShrunk) {
  const PromptResults low = {{.prompt = 1, .score = 2}, {.prompt = 2, .score = 3}};
  const PromptResults high = {{.prompt = 1, .score = 8}, {.prompt = 2, .score = 6}};
  EXPECT_THAT(ShrunkMeans({low, high}), ElementsAre(2.5, 7));
  EXPECT_THAT(ShrunkMeans({{low[0]}, {low[0]}, {high[0]}, {high[0]}}), ElementsAre(2, 2, 8, 8));
  EXPECT_THAT(ShrunkMeans({low, low, low, low}), ElementsAre(2.5, 2.5, 2.5, 2.5));
}

// Eight equal models on 5 prompts: the best mean is 0.6 points too high.
TEST(ShrunkMeansTest, TheBestOfEqualModelsIsNotFlattered) {
  constexpr int kRuns = 2000;
  std::mt19937_64 random(1);
  double naive = 0;
  double shrunk = 0;
  for (int run = 0; run < kRuns; ++run) {
    const std::vector<PromptResults> models = Simulate(std::vector<double>(8, 0.0), 5, random);
    std::vector<double> means;
    for (const PromptResults& results : models) means.push_back(MeanScore(results));
    const std::vector<double> estimates = ShrunkMeans(models);
    naive += *std::max_element(means.begin(), means.end()) / kRuns;
    shrunk += *std::max_element(estimates.begin(), estimates.end()) / kRuns;
  }
  EXPECT_GT(naive, 0.5);
  EXPECT_LT(shrunk, 0.25);
}

TEST(ShrunkMeansTest, ClearDifferencesStay) {
  std::mt19937_64 random(2);
  const std::vector<PromptResults> models = Simulate({2, 4, 6, 8}, 20, random);
  const std::vector<double> estimates = ShrunkMeans(models);
  for (size_t i = 0; i < models.size(); ++i) {
    EXPECT_NEAR(estimates[i], MeanScore(models[i]), 0.02);
  }
}

}  // namespace
}  // namespace assay::registry
