// Tests of the decision in three lines.
#include "evaluator/analysis/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/analysis.h"
#include "evaluator/analysis/prompt_differences.h"
#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class AdviceTest : public ::testing::Test {
 protected:
  // Scores every prompt with `base` plus a small wave, so that differences vary.
  void Score(const std::string& model, int prompts, double base, double wave = 0) {
    for (int i = 0; i < prompts; ++i) {
      if (static_cast<int>(plan_.prompts.size()) <= i) {
        plan_.prompts.push_back({.id = absl::StrCat("p", i), .content_type = "blog"});
      }
      Sample sample{.model = model, .content_type = "blog", .prompt_id = absl::StrCat("p", i)};
      sample.quality_score = base + (i % 2 == 0 ? wave : -wave);
      samples_.push_back(sample);
    }
  }
  Advice Run(const std::vector<std::string>& models) {
    plan_.models = Candidates(models);
    return Advise(Analyze(plan_, samples_, {}));
  }

  EvaluationPlan plan_;
  std::vector<Sample> samples_;
};

TEST_F(AdviceTest, AWinnerShouldBeUsed) {
  Score("a", 40, 5);
  Score("b", 40, 7, 0.5);
  const Advice advice = Run({"a", "b"});
  EXPECT_EQ(advice.action, "use b: it scores higher than a");
  EXPECT_THAT(advice.certainty, HasSubstr("b against a: +2.00 points (95 % interval"));
  EXPECT_THAT(advice.certainty, HasSubstr("40 prompts"));
  EXPECT_THAT(advice.next, HasSubstr("ratings"));
}

TEST_F(AdviceTest, ABaselineThatWinsShouldBeKept) {
  Score("a", 40, 7);
  Score("b", 40, 5, 0.5);
  const Advice advice = Run({"a", "b"});
  EXPECT_EQ(advice.action, "keep a (the baseline): it scores higher than b");
  EXPECT_THAT(advice.certainty, HasSubstr("b against a: -2.00 points"));
}

TEST_F(AdviceTest, ATieKeepsTheBaselineAndSaysHowManyPromptsAreMissing) {
  Score("a", 20, 6);
  Score("b", 20, 6.1, 1);
  const Advice advice = Run({"a", "b"});
  EXPECT_EQ(advice.action, "keep a (the baseline): no candidate is shown to score higher");
  EXPECT_THAT(advice.certainty, HasSubstr("not sure: b against a is +0.10 points"));
  EXPECT_THAT(advice.next, HasSubstr("prompts, if the true difference is as large as this one"));
}

TEST_F(AdviceTest, SeveralCandidatesAboveTheBaselineAreLeftToCostAndSpeed) {
  Score("a", 40, 3, 0.1);
  Score("b", 40, 7, 1);
  Score("c", 40, 7, 0.9);
  const Advice advice = Run({"a", "b", "c"});
  EXPECT_THAT(advice.action, HasSubstr("so cost and speed decide"));
  EXPECT_THAT(advice.action, Not(HasSubstr("use any of a")));
  EXPECT_THAT(advice.certainty, HasSubstr("no difference is shown between"));
}

TEST_F(AdviceTest, WithoutATestThereIsNoDecision) {
  Score("a", 3, 2);
  Score("b", 3, 9, 0.5);
  const Advice advice = Run({"a", "b"});
  EXPECT_EQ(advice.action, "do not decide yet: nothing could be tested");
  EXPECT_THAT(advice.certainty, HasSubstr("share 3 prompts; a test at 0.05 needs at least 6"));
  EXPECT_THAT(advice.next, HasSubstr("at least 6 prompts"));
}

TEST_F(AdviceTest, AFewerFailuresClauseWarnsOfAnUnreliableWinner) {
  Score("a", 60, 2, 0.1);
  Score("b", 60, 9, 0.5);
  for (Sample& sample : samples_) {
    const int number = std::stoi(sample.prompt_id.substr(1));
    if (sample.model != "b" || number % 5 != 0) continue;
    sample.error = "INTERNAL: broken";
    sample.quality_score = std::nullopt;
  }
  EXPECT_THAT(Run({"a", "b"}).action, HasSubstr("it fails more often than a"));
}

TEST_F(AdviceTest, OneCandidateIsNoChoice) {
  Score("a", 8, 6, 0.5);
  EXPECT_THAT(Run({"a"}).action, HasSubstr("nothing to choose"));
  EXPECT_THAT(Advise(Analysis{}).action, IsEmpty());
}

TEST_F(AdviceTest, PromptDifferencesBeginWithTheWorstRegression) {
  Score("a", 3, 6);
  Score("b", 3, 6);
  plan_.models = Candidates({"a", "b"});
  // b loses 2 points on p1 and gains 1 on p0; it failed on p2, which scores 0.
  samples_[4].quality_score = 4;
  samples_[3].quality_score = 7;
  samples_[5].error = "INTERNAL: broken";
  samples_[5].quality_score = std::nullopt;
  const std::vector<PromptDifference> rows = PromptDifferences(plan_, "a", samples_);
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[0].prompt_id, "p2");
  EXPECT_EQ(rows[0].difference, -6);
  EXPECT_EQ(rows[1].prompt_id, "p1");
  EXPECT_EQ(rows[1].baseline_score, 6);
  EXPECT_EQ(rows[1].candidate_score, 4);
  EXPECT_EQ(rows[2].difference, 1);
  plan_.failures = FailurePolicy::kLeaveOut;
  EXPECT_THAT(PromptDifferences(plan_, "a", samples_), SizeIs(2));
}

}  // namespace
}  // namespace assay::evaluator
