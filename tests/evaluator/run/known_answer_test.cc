// Tasks with known answers, asked of a generator that follows a script.
#include "evaluator/run/known_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/call_context.h"
#include "evaluator/analysis/task_summary.h"
#include "tests/evaluator/run/runner_fixture.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr absl::Duration kTimeout = absl::Seconds(7);

KnownAnswerTask Facts() {
  return {
      .name = "facts",
      .items = {{.id = "q1", .context = "2 + 2 =", .choices = {" 4", " fourteen"}, .answer = 0},
                {.id = "q2", .context = "3 + 3 =", .choices = {" 6", " sixteen"}, .answer = 1}}};
}

TEST(KnownAnswerTest, TheLikeliestChoiceIsTheModels) {
  FakeGenerator generator;
  generator.likelihoods = {{" 4", -2.0}, {" fourteen", -4.0}};
  const auto answer =
      AnswerItem(&generator, "m1", Facts(), Facts().items[0], kTimeout, CallContext());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->task, "facts");
  EXPECT_EQ(answer->item_id, "q1");
  EXPECT_THAT(answer->log_likelihoods, ElementsAre(-2.0, -4.0));
  EXPECT_EQ(answer->chosen, 0);
  EXPECT_TRUE(answer->correct);
  // -2 a character against -0.5.
  EXPECT_EQ(answer->chosen_by_length, 1);
  EXPECT_FALSE(answer->correct_by_length);
}

class SlowGenerator final : public FakeGenerator {
 public:
  absl::StatusOr<std::vector<Likelihood>> Likelihoods(const LikelihoodJob& job,
                                                      const CallContext& /*context*/) override {
    timeouts.push_back(job.timeout);
    return absl::DeadlineExceededError("slow");
  }
  std::vector<absl::Duration> timeouts;
};

TEST(KnownAnswerTest, TheModelHasThePlansTime) {
  SlowGenerator generator;
  ASSERT_TRUE(
      AnswerItem(&generator, "m1", Facts(), Facts().items[0], kTimeout, CallContext()).ok());
  ASSERT_TRUE(AnswerText(&generator, "m1", {.text = "Once."}, kTimeout, CallContext()).ok());
  EXPECT_THAT(generator.timeouts, ElementsAre(kTimeout, kTimeout));
}

TEST(KnownAnswerTest, AFailureIsInTheAnswerNotOnTheFloor) {
  FakeGenerator generator;
  generator.likelihood_error = absl::ResourceExhaustedError("full");
  const auto answer =
      AnswerItem(&generator, "m1", Facts(), Facts().items[0], kTimeout, CallContext());
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->error, "RESOURCE_EXHAUSTED: full");
  EXPECT_EQ(answer->chosen, -1);
  EXPECT_TRUE(absl::IsCancelled(
      AnswerItem(&generator, "m1", Facts(), Facts().items[0], kTimeout, CallContext([] {
        return true;
      })).status()));
}

// NaN was no choice's, and so the first one's; as JSON it is null, which no resume could read.
TEST(KnownAnswerTest, ALikelihoodThatIsNoNumberIsAnError) {
  for (const double bad : {std::nan(""), -HUGE_VAL}) {
    FakeGenerator generator;
    generator.likelihoods = {{" 4", -2.0}, {" fourteen", bad}};
    const auto answer =
        AnswerItem(&generator, "m1", Facts(), Facts().items[0], kTimeout, CallContext());
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_THAT(answer->error, HasSubstr("INTERNAL: likelihood 1 is "));
    EXPECT_EQ(answer->chosen, -1);
    EXPECT_THAT(answer->log_likelihoods, SizeIs(0));
  }
}

// len(re.split(r"\\s+", text)) of Python 3.11.
TEST(KnownAnswerTest, WordsAreCountedAsLmEvalCountsThem) {
  EXPECT_EQ(LmEvalWords(""), 1);
  EXPECT_EQ(LmEvalWords("one two"), 2);
  EXPECT_EQ(LmEvalWords(" one\n\ntwo "), 4);
  EXPECT_EQ(LmEvalWords("one\u00a0two\u3000three\u2028four"), 4);
  EXPECT_EQ(LmEvalWords("one\x1ftwo\u0085three"), 3);
  // No space to Python: zero width, and what is no UTF-8.
  EXPECT_EQ(LmEvalWords("one\u200btwo\ufeffthree\xa0"), 1);
}

TEST(KnownAnswerTest, SharesHaveLmEvalsErrorAndWilsonsInterval) {
  std::vector<TaskAnswer> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back({.model = "m1",
                       .task = "facts",
                       .item_id = absl::StrCat(i),
                       .correct = i < 17,
                       .correct_by_length = i < 10});
  }
  answers.push_back({.model = "m1", .task = "facts", .item_id = "x", .error = "INTERNAL: broken"});
  const auto summaries = SummarizeTasks({Facts()}, {"m1", "m2"}, answers);
  ASSERT_THAT(summaries, SizeIs(1));
  const TaskSummary& s = summaries.front();
  EXPECT_EQ(s.n, 20);
  EXPECT_EQ(s.errors, 1);
  EXPECT_DOUBLE_EQ(s.accuracy, 0.85);
  EXPECT_NEAR(s.accuracy_stderr, std::sqrt(0.85 * 0.15 / 19), 1e-15);
  // The reference's example: 17 of 20.
  EXPECT_NEAR(s.ci_low, 0.640, 5e-4);
  EXPECT_NEAR(s.ci_high, 0.948, 5e-4);
  EXPECT_DOUBLE_EQ(s.accuracy_by_length, 0.5);
}

TEST(KnownAnswerTest, PerplexityIsByTokensWordsAndBytes) {
  FakeGenerator generator;
  const KnownAnswerTask story{.name = "story", .kind = TaskKind::kPerplexity, .text = "ab cd  ef"};
  generator.likelihoods = {{"ab cd  ef", -9.0}};
  const auto answer = AnswerText(&generator, "m1", story, kTimeout, CallContext());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->item_id, "text");
  const auto summaries = SummarizeTasks({story}, {"m1"}, {*answer});
  ASSERT_THAT(summaries, SizeIs(1));
  EXPECT_DOUBLE_EQ(summaries[0].token_perplexity, std::exp(9.0 / 2));
  EXPECT_DOUBLE_EQ(summaries[0].word_perplexity, std::exp(9.0 / 3));
  EXPECT_DOUBLE_EQ(summaries[0].byte_perplexity, std::exp(1.0));
  EXPECT_DOUBLE_EQ(summaries[0].bits_per_byte, 1 / std::log(2.0));
}

TEST_F(RunnerTest, TasksAreAnsweredRecordedAndCompared) {
  generator_.likelihoods = {{" 4", -2.0}, {" fourteen", -4.0}, {" 6", -1.0}, {" sixteen", -9.0}};
  EvaluationPlan plan = TwoByTwo();
  plan.prompts.clear();
  plan.tasks = {Facts()};
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
}

TEST_F(RunnerTest, AModelThatIsNotThereFailsItsAnswersToo) {
  generator_.prepare_errors["m2"] = absl::NotFoundError("no file");
  generator_.likelihoods = {{" 4", -2.0}, {" fourteen", -4.0}, {" 6", -1.0}, {" sixteen", -9.0}};
  EvaluationPlan plan = TwoByTwo();
  plan.tasks = {Facts()};
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
