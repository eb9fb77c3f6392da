// Tests of a runner with tasks in the plan.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/evaluator/records/tasks.h"
#include "tests/evaluator/run/runner_fixture.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

using RunnerTasksTest = RunnerTest;

TEST_F(RunnerTasksTest, AnswersAreRecordedAndCompared) {
  generator_.likelihoods = {{" 4", -2.0}, {" fourteen", -4.0}, {" 6", -1.0}, {" sixteen", -9.0}};
  EvaluationPlan plan = TwoByTwo();
  plan.prompts.clear();
  plan.tasks = {FactsTask()};
  const Runner::Started started = Start(plan);
  EXPECT_EQ(started.evaluation.total_samples, 4);
  const Followed followed = Follow(*started.feed);
  ASSERT_TRUE(followed.end);
  EXPECT_EQ(followed.end->state, EvaluationState::kSucceeded) << followed.end->error;
  EXPECT_EQ(followed.end->finished_samples, 4);
  const auto answers = store_->Answers(started.evaluation.id);
  ASSERT_THAT(*answers, SizeIs(4));
  EXPECT_EQ(answers->front().model, "m1");
  EXPECT_TRUE(answers->front().correct);
  EXPECT_FALSE(answers->back().correct);
  ASSERT_THAT(followed.end->analysis.comparisons, SizeIs(1));
  EXPECT_EQ(followed.end->analysis.comparisons[0].metric, "accuracy/facts");
  double seconds = 0;
  for (const TaskAnswer& answer : *answers) {
    EXPECT_GT(answer.busy_seconds, 0);
    seconds += answer.busy_seconds;
  }
  const auto stored = store_->Get(started.evaluation.id);
  EXPECT_DOUBLE_EQ(stored->analysis.cost.compute_seconds, seconds);
  EXPECT_GT(stored->analysis.cost.usd, 0);
  EXPECT_EQ(stored->analysis.cost.energy_source, "stated");
}

TEST_F(RunnerTasksTest, AModelThatCannotLoadFailsItsAnswers) {
  generator_.prepare_errors["m2"] = absl::NotFoundError("no file");
  generator_.likelihoods = {{" 4", -2.0}, {" fourteen", -4.0}, {" 6", -1.0}, {" sixteen", -9.0}};
  EvaluationPlan plan = TwoByTwo();
  plan.tasks = {FactsTask()};
  const Runner::Started started = Start(plan);
  Follow(*started.feed);
  const auto answers = store_->Answers(started.evaluation.id);
  int errors = 0;
  for (const TaskAnswer& answer : *answers) {
    if (answer.error.empty()) continue;
    ++errors;
    EXPECT_EQ(answer.model, "m2");
    EXPECT_THAT(answer.error, HasSubstr("NOT_FOUND: no file"));
  }
  EXPECT_EQ(errors, 2);
}

}  // namespace
}  // namespace assay::evaluator
