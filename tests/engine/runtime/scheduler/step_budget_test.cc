#include "engine/runtime/scheduler/step_budget.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace assay::engine {
namespace {

// Steps cost 3 ms and 1 ms per row, with noise.
TEST(StepBudgetTest, LearnsTheCostOfARow) {
  StepBudget budget(128);
  EXPECT_EQ(budget.RowShare(1), 1.0);
  std::mt19937 random(1);
  std::uniform_real_distribution<double> noise(0.9, 1.1);
  for (int i = 0; i < 300; ++i) {
    const int64_t rows = 1 + static_cast<int64_t>(random() % 8);
    budget.Record(rows, 0, absl::Milliseconds((3.0 + static_cast<double>(rows)) * noise(random)));
  }
  EXPECT_NEAR(budget.RowShare(1), 0.25, 0.1);
  EXPECT_NEAR(budget.RowShare(12), 0.8, 0.1);
}

TEST(StepBudgetTest, PromptsAddLessTimeThanADecodingStep) {
  StepBudget budget(128);
  EXPECT_EQ(budget.PromptTokens(0, absl::ZeroDuration()), 128);
  EXPECT_EQ(budget.PromptTokens(4, absl::ZeroDuration()), 3);
  budget.Record(0, 100, absl::Milliseconds(50));
  for (int i = 0; i < 50; ++i) budget.Record(4, 0, absl::Milliseconds(20));
  EXPECT_NEAR(static_cast<double>(budget.PromptTokens(4, absl::ZeroDuration())), 28, 1);
  EXPECT_LT(budget.PromptTokens(1, absl::ZeroDuration()), 27);
  // In mixed steps a token costs 1 ms: 14 tokens fit, of which 12 fill whole tiles of rows.
  for (int i = 0; i < 50; ++i) budget.Record(4, 10, absl::Milliseconds(30));
  EXPECT_EQ(budget.PromptTokens(4, absl::ZeroDuration()), 12);
}

// Three rows cost what four do.
TEST(StepBudgetTest, MixedStepsHaveWholeTilesOfRows) {
  StepBudget budget(128);
  for (int i = 0; i < 50; ++i) budget.Record(1, 0, absl::Milliseconds(3));
  for (int i = 0; i < 50; ++i) budget.Record(1, 2, absl::Milliseconds(5));
  EXPECT_EQ(budget.PromptTokens(1, absl::ZeroDuration()), 3);
  EXPECT_EQ(budget.PromptTokens(3, absl::ZeroDuration()) % 4, 1);
  // At least some prompt tokens, even if the decoding rows fill their tiles.
  EXPECT_EQ(budget.PromptTokens(4, absl::ZeroDuration()), 4);
  // Never more than a chunk.
  EXPECT_LE(StepBudget(2).PromptTokens(4, absl::ZeroDuration()), 2);
}

TEST(StepBudgetTest, ATimeSliceBesideAnotherModelIsAboutAsLongAsIts) {
  StepBudget budget(128);
  EXPECT_EQ(budget.PromptTokens(0, absl::Milliseconds(8)), 8);
  for (int i = 0; i < 20; ++i) budget.Record(0, 128, absl::Milliseconds(64));
  const auto tokens_beside = [&](int interval_ms) {
    return static_cast<double>(budget.PromptTokens(0, absl::Milliseconds(interval_ms)));
  };
  // The time slices are equally long, within 5 to 50 ms, in whole tiles of rows.
  EXPECT_EQ(tokens_beside(1), 8);
  EXPECT_EQ(tokens_beside(20), 40);
  EXPECT_EQ(tokens_beside(200), 100);
  EXPECT_EQ(budget.PromptTokens(0, absl::ZeroDuration()), 128);
}

// A prompt with a cached prefix may leave one token to compute, which costs as much as a step.
TEST(StepBudgetTest, ShortStepsDoNotRaiseTheCostPerToken) {
  StepBudget budget(128);
  for (int i = 0; i < 20; ++i) budget.Record(1, 0, absl::Milliseconds(30));
  for (int i = 0; i < 20; ++i) budget.Record(0, 100, absl::Milliseconds(50));
  const int64_t before = budget.PromptTokens(1, absl::ZeroDuration());
  for (int i = 0; i < 3; ++i) budget.Record(0, 1, absl::Milliseconds(10));
  EXPECT_GT(budget.PromptTokens(1, absl::ZeroDuration()), before * 3 / 4);
}

}  // namespace
}  // namespace assay::engine
