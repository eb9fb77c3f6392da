// Tests of the summary of judgments, against values of SciPy and by hand.
#include "evaluator/raters/judgment_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

EvaluationPlan PlanWith(int prompts) {
  EvaluationPlan plan;
  for (const std::string name : {"b", "a"}) plan.models.push_back({.name = name, .model = name});
  for (int i = 0; i < prompts; ++i) plan.prompts.push_back({.id = absl::StrCat("p", i)});
  return plan;
}

SampleId IdFor(const std::string& model, int prompt) {
  return {.model = model, .prompt_id = absl::StrCat("p", prompt)};
}

// A judgment of a (sample) against b (other).
Judgment Make(const std::string& judge, int prompt, Preference preference) {
  return {.judge = judge,
          .version = "v",
          .sample = IdFor("a", prompt),
          .other = IdFor("b", prompt),
          .forward = preference,
          .backward = preference};
}

TEST(JudgmentSummaryTest, PreferencesAreOfTheCandidateThatIsEarlierInThePlan) {
  std::vector<Judgment> judgments;
  for (int i = 0; i < 10; ++i) {
    judgments.push_back(Make("j", i, i < 7 ? Preference::kOther : Preference::kSample));
  }
  judgments.push_back(Make("j", 10, Preference::kTie));
  const JudgmentSummary summary = SummarizeJudgments(PlanWith(11), judgments, {});
  ASSERT_THAT(summary.pairs, SizeIs(1));
  const PairPreference& pair = summary.pairs[0];
  EXPECT_EQ(pair.first, "b");
  EXPECT_EQ(pair.wins, 7);
  EXPECT_EQ(pair.losses, 3);
  EXPECT_EQ(pair.ties, 1);
  EXPECT_EQ(pair.prompts, 11);
  EXPECT_NEAR(pair.share, 7.5 / 11, 1e-12);
  // scipy.stats.binomtest(7, 10).pvalue
  EXPECT_NEAR(pair.p_value, 0.34375, 1e-9);
  EXPECT_EQ(pair.p_adjusted, pair.p_value);
  EXPECT_THAT(summary.warnings, IsEmpty());
  EXPECT_FALSE(summary.agreement.has_value());
}

TEST(JudgmentSummaryTest, RepeatsAndClustersAreOneUnit) {
  EvaluationPlan plan = PlanWith(4);
  plan.prompts[2].cluster = "c";
  plan.prompts[3].cluster = "c";
  std::vector<Judgment> judgments;
  for (int i = 0; i < 4; ++i) judgments.push_back(Make("j", i, Preference::kOther));
  judgments.push_back(Make("j", 0, Preference::kSample));
  judgments.back().sample.repeat = 1;
  judgments.back().other.repeat = 1;
  const JudgmentSummary summary = SummarizeJudgments(plan, judgments, {});
  EXPECT_EQ(summary.pairs[0].prompts, 3);
  EXPECT_EQ(summary.pairs[0].wins, 4);
  // Prompt 0 is tied over its repeats; prompt 1 and the cluster are won.
  EXPECT_NEAR(summary.pairs[0].share, (0.5 + 1 + 1) / 3, 1e-12);
  EXPECT_NEAR(summary.pairs[0].p_value, 0.5, 1e-12);
  EXPECT_THAT(summary.warnings, ElementsAre(HasSubstr("fewer than 6 prompts")));
}

TEST(JudgmentSummaryTest, TheJuryDecidesByMajority) {
  std::vector<Judgment> judgments;
  const Preference s = Preference::kSample;
  const Preference o = Preference::kOther;
  const Preference t = Preference::kTie;
  const std::vector<std::vector<Preference>> votes = {{s, s, o}, {s, o, t}, {o, o, t}, {t, t, s}};
  for (size_t prompt = 0; prompt < votes.size(); ++prompt) {
    for (size_t judge = 0; judge < 3; ++judge) {
      judgments.push_back(
          Make(absl::StrCat("j", judge), static_cast<int>(prompt), votes[prompt][judge]));
    }
  }
  const JudgmentSummary summary = SummarizeJudgments(PlanWith(4), judgments, {});
  const PairPreference& jury = summary.pairs.back();
  EXPECT_EQ(jury.judge, kJury);
  EXPECT_EQ(jury.wins, 1);
  EXPECT_EQ(jury.losses, 1);
  EXPECT_EQ(jury.ties, 2);
  EXPECT_EQ(summary.judges.back().judge, kJury);
  EXPECT_EQ(summary.agreement_units, 4);
  // By hand: observed disagreement 18/24 / expected 1 - (4*3 + 4*3 + 4*3) / (12*11) = 0.7272...
  ASSERT_TRUE(summary.agreement.has_value());
  EXPECT_NEAR(summary.agreement->value, 1 - 0.75 / (1 - 36.0 / 132), 1e-9);
}

TEST(JudgmentSummaryTest, AgreementWithPeopleCountsATieHalf) {
  std::vector<Judgment> judgments;
  std::vector<Rating> ratings;
  for (int i = 0; i < 8; ++i) {
    judgments.push_back(Make("j", i, i == 0 ? Preference::kTie : Preference::kSample));
    // People prefer a (the sample), but b for the last prompt, and neither for prompt 6.
    const Preference preference = i == 7   ? Preference::kSample
                                  : i == 6 ? Preference::kTie
                                           : Preference::kOther;
    ratings.push_back({.rater = "ann",
                       .sample = IdFor("b", i),
                       .other = IdFor("a", i),
                       .preference = preference});
  }
  const JudgmentSummary summary = SummarizeJudgments(PlanWith(8), judgments, ratings);
  EXPECT_EQ(summary.judges[0].people_pairs, 7);
  ASSERT_TRUE(summary.judges[0].people_agreement.has_value());
  EXPECT_NEAR(summary.judges[0].people_agreement->value, 5.5 / 7, 1e-12);
  EXPECT_LT(*summary.judges[0].people_agreement->low, 5.5 / 7);
  EXPECT_GE(*summary.judges[0].people_agreement->high, 5.5 / 7);
}

TEST(JudgmentSummaryTest, ScoresOfPeopleArePreferencesToo) {
  std::vector<Rating> ratings = {{.rater = "ann", .sample = IdFor("a", 0), .score = 8},
                                 {.rater = "ann", .sample = IdFor("b", 0), .score = 3}};
  const JudgmentSummary summary =
      SummarizeJudgments(PlanWith(1), {Make("j", 0, Preference::kSample)}, ratings);
  EXPECT_EQ(summary.judges[0].people_pairs, 1);
  EXPECT_EQ(summary.judges[0].people_agreement->value, 1);
}

TEST(JudgmentSummaryTest, AnUnknownCostIsALowerBound) {
  Judgment judgment = Make("j", 0, Preference::kSample);
  judgment.cost_known = false;
  const JudgmentSummary summary = SummarizeJudgments(PlanWith(1), {judgment}, {});
  EXPECT_FALSE(summary.judges[0].cost_complete);
  EXPECT_THAT(summary.warnings[0], HasSubstr("lower bound"));
}

TEST(JudgmentSummaryTest, OnlyTheNewestVersionOfAJudgeCounts) {
  std::vector<Judgment> judgments;
  for (int i = 0; i < 8; ++i) judgments.push_back(Make("j", i, Preference::kSample));
  judgments[2].version = "old";
  judgments[2].judged_at = absl::InfinitePast();
  const JudgmentSummary summary = SummarizeJudgments(PlanWith(8), judgments, {});
  EXPECT_EQ(summary.judges[0].judgments, 7);
  EXPECT_THAT(summary.warnings, ElementsAre(HasSubstr("1 judgments of another version")));
}

TEST(JudgmentSummaryTest, NoJudgmentsAreNoSummary) {
  const JudgmentSummary summary = SummarizeJudgments(PlanWith(2), {}, {});
  EXPECT_THAT(summary.pairs, IsEmpty());
  EXPECT_THAT(summary.judges, IsEmpty());
}

}  // namespace
}  // namespace assay::evaluator
