// Streams side by side.
#include "evaluator/run/scaling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/barrier.h"
#include "base/call_context.h"
#include "tests/evaluator/run/runner_fixture.h"

namespace assay::evaluator {
namespace {

using ::testing::SizeIs;

TEST(ScalingTest, StreamsRunAtOnceAndEveryRequestCounts) {
  FakeGenerator generator;
  FakeMemory memory;
  // Nobody passes before three are there.
  absl::Barrier* barrier = new absl::Barrier(3);
  std::atomic<int> first = 0;
  generator.before_answer = [&](const GenerationJob& /*job*/, const auto& /*cancelled*/) {
    if (++first <= 3 && barrier->Block()) delete barrier;
  };
  generator.generate_errors["bad"] = absl::InternalError("broken");
  const std::vector<GenerationJob> jobs = {{.prompt = "aa"}, {.prompt = "bad"}};
  const ScalingPoint point = MeasureStreams(&generator, &memory, jobs, 3, 2, CallContext());
  EXPECT_EQ(point.level, 3);
  EXPECT_EQ(point.requests, 6);
  EXPECT_EQ(point.failures, 3);
  EXPECT_EQ(point.latency_p50_ms, 1200);
  EXPECT_EQ(point.first_token_p90_ms, 620);
  EXPECT_GT(point.tokens_per_second, 0);
  EXPECT_GT(point.resident_bytes, 1'000'000'000);
}

TEST_F(RunnerTest, ScalingIsMeasuredAfterTheSamplesAndKept) {
  EvaluationPlan plan = TwoByTwo();
  plan.scaling = {.concurrency = {1, 4}, .rounds = 2, .residents = true};
  const Runner::Started started = Start(plan);
  const Followed followed = Follow(*started.feed);
  ASSERT_TRUE(followed.end);
  const auto kept = store_->Get(started.evaluation.id);
  for (const std::vector<ScalingPoint>* points : {&followed.end->scaling, &kept->scaling}) {
    // Residents 1 and 2 of m1, then each model with 1 and with 4 requests at once.
    ASSERT_THAT(*points, SizeIs(6));
    EXPECT_EQ((*points)[1].kind, ScalingKind::kResidents);
    EXPECT_EQ((*points)[1].model, "m1");
    EXPECT_EQ((*points)[1].level, 2);
    EXPECT_EQ((*points)[5].kind, ScalingKind::kConcurrency);
    EXPECT_EQ((*points)[5].model, "m2");
    EXPECT_EQ((*points)[5].requests, 8);
  }
  // Not samples.
  EXPECT_THAT(followed.samples, SizeIs(8));
}

TEST_F(RunnerTest, CancelledWhileScalingIsMeasuredItIsCancelledNotWhole) {
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

// "3 models loaded" over one model under three names, or beside two that nobody counted, is untrue.
TEST_F(RunnerTest, ResidentsAreModelsNotCandidatesAndThoseOfBeforeCount) {
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
