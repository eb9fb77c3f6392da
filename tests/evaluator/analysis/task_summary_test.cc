// Tests of evaluator/analysis/task_summary.
#include "evaluator/analysis/task_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/evaluator/records/tasks.h"

namespace assay::evaluator {
namespace {

using ::testing::SizeIs;

// The expected values are those of len(re.split(r"\s+", text)) in Python 3.11.
TEST(TaskSummaryTest, WordsAreCountedAsInLmEval) {
  EXPECT_EQ(LmEvalWords(""), 1);
  EXPECT_EQ(LmEvalWords("one two"), 2);
  EXPECT_EQ(LmEvalWords(" one\n\ntwo "), 4);
  EXPECT_EQ(LmEvalWords("one\u00a0two\u3000three\u2028four"), 4);
  EXPECT_EQ(LmEvalWords("one\x1ftwo\u0085three"), 3);
  // Python does not count these as white space: zero width, and invalid UTF-8.
  EXPECT_EQ(LmEvalWords("one\u200btwo\ufeffthree\xa0"), 1);
}

TEST(TaskSummaryTest, AccuracyHasLmEvalsErrorAndWilsonsInterval) {
  std::vector<TaskAnswer> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back({.model = "m1",
                       .task = "facts",
                       .item_id = absl::StrCat(i),
                       .correct = i < 17,
                       .correct_by_length = i < 10});
  }
  answers.push_back({.model = "m1", .task = "facts", .item_id = "x", .error = "INTERNAL: broken"});
  const auto summaries = SummarizeTasks({FactsTask()}, {"m1", "m2"}, answers);
  ASSERT_THAT(summaries, SizeIs(1));
  const TaskSummary& s = summaries.front();
  EXPECT_EQ(s.n, 20);
  EXPECT_EQ(s.errors, 1);
  EXPECT_DOUBLE_EQ(s.accuracy, 0.85);
  EXPECT_NEAR(s.accuracy_stderr, std::sqrt(0.85 * 0.15 / 19), 1e-15);
  // Wilson's interval for 17 of 20.
  EXPECT_NEAR(s.ci_low, 0.640, 5e-4);
  EXPECT_NEAR(s.ci_high, 0.948, 5e-4);
  EXPECT_DOUBLE_EQ(s.accuracy_by_length, 0.5);
}

// lm_eval 0.4.13 computes np.argmax(lls / [len(c.encode("utf-8")) for c in choices]). Here that
// chooses 0 (-4 / 4 against -4.5 / 3), while the log-likelihood per character chooses 1.
TEST(TaskSummaryTest, AccuracyByBytesDividesByTheUtf8LengthOfTheChoice) {
  const MultipleChoiceItem item{.id = "q", .choices = {" éé", " abc"}, .answer = 0};
  TaskAnswer answer{.model = "m1", .task = "words", .item_id = "q", .log_likelihoods = {-4, -4.5}};
  EXPECT_TRUE(CorrectByBytes(item, answer));
  answer.log_likelihoods = {-6.1, -4.5};
  EXPECT_FALSE(CorrectByBytes(item, answer));
  answer.log_likelihoods = {-1};
  EXPECT_FALSE(CorrectByBytes(item, answer));
  answer.log_likelihoods = {-4, -4.5};
  const KnownAnswerTask task{.name = "words", .items = {item}};
  const auto summaries = SummarizeTasks({task}, {"m1"}, {answer});
  ASSERT_THAT(summaries, SizeIs(1));
  EXPECT_DOUBLE_EQ(summaries.front().accuracy_by_bytes, 1);
  EXPECT_DOUBLE_EQ(summaries.front().accuracy_by_length, 0);
}

TEST(TaskSummaryTest, PerplexityIsPerTokenWordAndByte) {
  const KnownAnswerTask story{.name = "story", .kind = TaskKind::kPerplexity, .text = "ab cd  ef"};
  const TaskAnswer answer{.model = "m1",
                          .task = "story",
                          .item_id = kTextItem,
                          .log_likelihoods = {-9.0},
                          .tokens = {2}};
  const auto summaries = SummarizeTasks({story}, {"m1"}, {answer});
  ASSERT_THAT(summaries, SizeIs(1));
  EXPECT_DOUBLE_EQ(summaries[0].token_perplexity, std::exp(9.0 / 2));
  EXPECT_DOUBLE_EQ(summaries[0].word_perplexity, std::exp(9.0 / 3));
  EXPECT_DOUBLE_EQ(summaries[0].byte_perplexity, std::exp(1.0));
  EXPECT_DOUBLE_EQ(summaries[0].bits_per_byte, 1 / std::log(2.0));
}

}  // namespace
}  // namespace assay::evaluator
