// Tests of a runner with scaling in the plan.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "base/call_context.h"
#include "tests/evaluator/run/runner_fixture.h"

namespace assay::evaluator {
namespace {

using ::testing::SizeIs;

using RunnerScalingTest = RunnerTest;

TEST_F(RunnerScalingTest, ScalingIsMeasuredAfterTheSamplesAndRecorded) {
  EvaluationPlan plan = TwoByTwo();
  plan.scaling = {.concurrency = {1, 4}, .rounds = 2, .residents = true};
  const Runner::Started started = Start(plan);
  const Followed followed = Follow(*started.feed);
  ASSERT_TRUE(followed.end);
  const auto kept = store_->Get(started.evaluation.id);
  for (const std::vector<ScalingPoint>* points : {&followed.end->scaling, &kept->scaling}) {
    // m1 with 1 and 2 resident models, then each model with 1 and with 4 concurrent requests.
    ASSERT_THAT(*points, SizeIs(6));
    EXPECT_EQ((*points)[1].kind, ScalingKind::kResidents);
    EXPECT_EQ((*points)[1].model, "m1");
    EXPECT_EQ((*points)[1].level, 2);
    EXPECT_EQ((*points)[5].kind, ScalingKind::kConcurrency);
    EXPECT_EQ((*points)[5].model, "m2");
    EXPECT_EQ((*points)[5].requests, 8);
  }
  // The requests of the scaling measurement are not samples.
  EXPECT_THAT(followed.samples, SizeIs(8));
}

TEST_F(RunnerScalingTest, CancellingTheScalingMeasurementCancelsTheEvaluation) {
  EvaluationPlan plan = TwoByTwo();
  plan.scaling = {.concurrency = {2}, .rounds = 2};
  std::atomic<int> measured = 0;
  generator_.before_answer = [&](const GenerationJob& job, const CallContext& context) {
    if (job.max_new_tokens < plan.max_new_tokens) return;
    const int number = ++measured;
    if (number <= 8) return;
    if (number == 9) held_.Notify();
    while (!context.IsDone()) absl::SleepFor(absl::Milliseconds(1));
  };
  const Runner::Started started = Start(plan);
  held_.WaitForNotification();
  ASSERT_TRUE(runner_->Cancel(started.evaluation.id).ok());
  const Followed followed = Follow(*started.feed);
  ASSERT_TRUE(followed.end);
  EXPECT_EQ(followed.end->state, EvaluationState::kCancelled);
  EXPECT_EQ(followed.end->finished_samples, 8);
}

// A level must not count one model under several names, nor ignore models that were resident
// before.
TEST_F(RunnerScalingTest, LevelsCountResidentModelsNotCandidates) {
  generator_.resident = {"other"};
  EvaluationPlan plan = TwoByTwo();
  plan.models.push_back({.name = "m1.terse", .model = "m1", .system = "Be brief."});
  plan.scaling = {.rounds = 1, .residents = true};
  const Followed followed = Follow(*Start(plan).feed);
  ASSERT_TRUE(followed.end);
  std::vector<int> levels;
  for (const ScalingPoint& point : followed.end->scaling) levels.push_back(point.level);
  EXPECT_THAT(levels, testing::ElementsAre(2, 3));
}

}  // namespace
}  // namespace assay::evaluator
