// The choice among proven models: single cases, and how often it is wrong in simulations.
#include "registry/routing/auto_choice.h"

#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::registry {
namespace {

using testing::HasSubstr;

Evidence At(int second, PromptResults results) {
  return {.prompts = std::make_shared<const PromptResults>(std::move(results)),
          .finished_at = absl::FromUnixSeconds(second)};
}

PromptResults Constant(int prompts, double score, double cost) {
  PromptResults results;
  for (int i = 0; i < prompts; ++i) {
    results.push_back({.prompt = static_cast<uint64_t>(i), .score = score, .cost_usd = cost});
  }
  return results;
}

TEST(AutoChoiceTest, OverlappingIntervalsAreNoEquality) {
  // ../shared/faults/evaluator/04_auto_overlap: the cheap one is worse by 1.2 on every prompt.
  PromptResults good = Constant(6, 0, 2e-7);
  PromptResults cheap = Constant(6, 0, 1e-7);
  for (size_t i = 0; i < good.size(); ++i) {
    good[i].score = 3 + static_cast<double>(i);
    cheap[i].score = good[i].score - 1.2;
  }
  const AutoChoice choice = ChooseProven({{"cheap", {At(1, cheap)}}, {"good", {At(1, good)}}}, {});
  EXPECT_EQ(choice.chosen, 1U);
  EXPECT_EQ(choice.reason, ChoiceReason::kBestMean);
  EXPECT_TRUE(choice.is_worse[0]);
}

TEST(AutoChoiceTest, ALaterModelMustBeShownToBeBetter) {
  PromptResults first = Constant(20, 6, 1);
  PromptResults second = Constant(20, 6, 1);
  for (size_t i = 0; i < second.size(); ++i) second[i].score += i % 2 == 0 ? 1.0 : -0.8;
  std::vector<ProvenModel> models = {{"first", {At(1, first)}}, {"second", {At(2, second)}}};
  EXPECT_EQ(ChooseProven(models, {}).chosen, 0U);
  EXPECT_EQ(ChooseProven(models, {}).reason, ChoiceReason::kIncumbent);
  EXPECT_THAT(ChooseProven(models, {}).notes[1], HasSubstr("as good as 'first'"));
  for (PromptResult& result : second) result.score += 1;
  models[1].evaluations = {At(2, second)};
  EXPECT_EQ(ChooseProven(models, {}).chosen, 1U);
  EXPECT_TRUE(ChooseProven(models, {}).is_worse[0]);
}

TEST(AutoChoiceTest, EvaluationsOfOneWorkloadArePooled) {
  // Single evaluations vary by 3 about 6.
  PromptResults first = Constant(20, 6, 1);
  PromptResults second = Constant(20, 6, 1);
  for (size_t i = 0; i < first.size(); ++i) {
    first[i].score += i % 2 == 0 ? 3 : -3;
    second[i].score -= i % 2 == 0 ? 3 : -3;
  }
  const AutoChoice choice = ChooseProven(
      {{"a", {At(1, first), At(2, second)}}, {"b", {At(2, Constant(20, 5.5, 1))}}}, {});
  EXPECT_EQ(choice.chosen, 0U);
  EXPECT_THAT(choice.notes[1], HasSubstr("worse than 'a': -0.50 points over 20 prompts"));
}

TEST(AutoChoiceTest, AChangedModelIsJudgedByItsNewerEvaluations) {
  const AutoChoice choice =
      ChooseProven({{"a", {At(1, Constant(20, 9, 1)), At(2, Constant(20, 4, 1))}},
                    {"b", {At(1, Constant(20, 6, 1))}}},
                   {});
  EXPECT_EQ(choice.chosen, 1U);
  EXPECT_THAT(choice.notes[0], HasSubstr("-2.00 points"));
}

// The simulations have a fixed seed. Scores and costs are normal; prompts differ in difficulty.
class AutoChoiceSimulation : public testing::Test {
 protected:
  double Normal() { return normal_(random_); }

  // Returns one evaluation of a model whose score on prompt i is quality[i] plus noise.
  PromptResults Evaluate(const std::vector<double>& quality, double noise, double cost) {
    PromptResults results;
    for (size_t i = 0; i < quality.size(); ++i) {
      results.push_back({.prompt = i,
                         .score = quality[i] + noise * Normal(),
                         .cost_usd = cost * (1 + 0.05 * Normal())});
    }
    return results;
  }

  std::vector<double> Qualities(int prompts, double mean) {
    std::vector<double> quality(static_cast<size_t>(prompts), mean);
    for (double& q : quality) q += 1.5 * Normal();
    return quality;
  }

  std::mt19937_64 random_{11};
  std::normal_distribution<double> normal_;
};

// Two ids of one file, sampled with a temperature: 50 evaluations of both.
TEST_F(AutoChoiceSimulation, EqualModelsDoNotAlternate) {
  constexpr int kRuns = 100;
  constexpr int kEvaluations = 50;
  constexpr double kNoise = 0.7;
  int runs_with_a_flip = 0;
  for (int run = 0; run < kRuns; ++run) {
    const std::vector<double> quality = Qualities(20, 6);
    std::vector<ProvenModel> models = {{"a", {}}, {"b", {}}};
    size_t before = 0;
    bool flipped = false;
    for (int i = 0; i < kEvaluations; ++i) {
      for (ProvenModel& model : models) {
        model.evaluations.push_back(At(i, Evaluate(quality, kNoise, 1e-6)));
      }
      const size_t now = ChooseProven(models, {}).chosen;
      flipped = flipped || (i > 0 && now != before);
      before = now;
    }
    runs_with_a_flip += flipped ? 1 : 0;
  }
  EXPECT_EQ(runs_with_a_flip, 0);
}

// A cheaper model that is worse by 1.0, where single differences have a deviation of 1.0.
TEST_F(AutoChoiceSimulation, AWorseModelIsSeldomChosenBecauseItIsCheaper) {
  constexpr int kRuns = 1000;
  const double noise = 1 / std::sqrt(2.0);
  for (const int prompts : {6, 10, 20, 60}) {
    int wrong = 0;
    for (int run = 0; run < kRuns; ++run) {
      const std::vector<double> quality = Qualities(prompts, 6);
      std::vector<double> lower = quality;
      for (double& q : lower) q -= 1;
      const AutoChoice choice = ChooseProven({{"cheap", {At(1, Evaluate(lower, noise, 0.5e-6))}},
                                              {"good", {At(1, Evaluate(quality, noise, 1e-6))}}},
                                             {});
      wrong += choice.chosen == 0 ? 1 : 0;
    }
    RecordProperty("wrong_of_1000_at_" + std::to_string(prompts), wrong);
    EXPECT_LT(wrong, kRuns / 20) << prompts << " prompts";
  }
}

// An equal model that costs half is found, more often with more prompts.
TEST_F(AutoChoiceSimulation, AnEqualCheaperModelIsFound) {
  constexpr int kRuns = 500;
  const double noise = 1 / std::sqrt(2.0);
  int before = 0;
  for (const int prompts : {20, 60}) {
    int found = 0;
    for (int run = 0; run < kRuns; ++run) {
      const std::vector<double> quality = Qualities(prompts, 6);
      const AutoChoice choice = ChooseProven({{"dear", {At(1, Evaluate(quality, noise, 1e-6))}},
                                              {"cheap", {At(1, Evaluate(quality, noise, 0.5e-6))}}},
                                             {});
      found += choice.chosen == 1 ? 1 : 0;
    }
    RecordProperty("found_of_500_at_" + std::to_string(prompts), found);
    EXPECT_GT(found, before);
    before = found;
  }
  EXPECT_GT(before, kRuns * 9 / 10);
}

}  // namespace
}  // namespace assay::registry
