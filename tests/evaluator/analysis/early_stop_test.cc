// Tests of early stopping: the looks, the decision to end, and what the analysis says afterwards.
#include "evaluator/analysis/early_stop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/analysis.h"
#include "evaluator/analysis/gate.h"
#include "evaluator/plan/plan.h"
#include "evaluator/stats/group_sequential.h"
#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr double kTolerance = 1e-9;

class EarlyStopTest : public ::testing::Test {
 protected:
  EarlyStopTest() {
    plan_.models = Candidates({"a", "b"});
    plan_.order_seed = 5;
    plan_.stop_early = {.looks = 5};
    for (const char* type : {"x", "y"}) {
      for (int i = 0; i < 30; ++i) {
        plan_.prompts.push_back({.id = absl::StrCat(type, i), .content_type = type});
      }
    }
  }

  // Adds the samples of the first `looks` blocks. Candidate number k has k times `gap` more.
  void Take(int looks, double gap, double spread = 1) {
    const auto blocks = PromptBlocks(plan_, plan_.order_seed);
    for (int look = 0; look < looks; ++look) {
      for (const int prompt : blocks[static_cast<size_t>(look)]) TakePrompt(prompt, gap, spread);
    }
  }

  void TakePrompt(int prompt, double gap, double spread) {
    const EvaluationPrompt& of = plan_.prompts[static_cast<size_t>(prompt)];
    for (size_t m = 0; m < plan_.models.size(); ++m) {
      for (int repeat = 0; repeat < plan_.repeats; ++repeat) {
        Sample sample{.model = plan_.models[m].name,
                      .content_type = of.content_type,
                      .prompt_id = of.id,
                      .repeat = repeat};
        sample.quality_score = 5 + gap * static_cast<double>(m) + spread * normal_(random_);
        sample.generation.total_ms = 2000;
        samples_.push_back(sample);
      }
    }
  }

  const Comparison& Quality(const Analysis& analysis, const std::string& type) {
    for (const Comparison& c : analysis.comparisons) {
      if (c.metric == "quality_score" && c.content_type == type) return c;
    }
    ADD_FAILURE() << type;
    return analysis.comparisons.front();
  }

  EvaluationPlan plan_;
  std::vector<Sample> samples_;
  std::mt19937_64 random_{7};
  std::normal_distribution<double> normal_;
};

TEST_F(EarlyStopTest, LooksFollowFromThePlanAndTheSamples) {
  plan_.repeats = 2;
  EXPECT_EQ(LooksOf(plan_, {}).reached, 0);
  Take(2, 0);
  Looks looks = LooksOf(plan_, samples_);
  EXPECT_EQ(looks.planned, 5);
  EXPECT_EQ(looks.reached, 2);
  EXPECT_EQ(looks.prompts, 24);
  EXPECT_FALSE(looks.is_between);
  const auto near = [](double value) { return DoubleNear(value, kTolerance); };
  EXPECT_THAT(looks.fractions.at(""), ElementsAre(near(0.2), near(0.4)));
  EXPECT_THAT(looks.fractions.at("x"), ElementsAre(near(0.2), near(0.4)));
  EXPECT_THAT(looks.remaining, ElementsAre(near(0.6), near(0.8), near(1)));
  // Three more prompts, the third of which lacks its last repeat: a look between two.
  const std::vector<int> next = PromptBlocks(plan_, plan_.order_seed)[2];
  for (int i = 0; i < 3; ++i) TakePrompt(next[static_cast<size_t>(i)], 0, 1);
  samples_.pop_back();
  looks = LooksOf(plan_, samples_);
  EXPECT_EQ(looks.reached, 2);
  EXPECT_TRUE(looks.is_between);
  EXPECT_THAT(looks.fractions.at(""), ElementsAre(near(0.2), near(0.4), near(26.0 / 60)));
  EXPECT_THAT(StopReason(plan_, samples_), IsEmpty());
}

TEST_F(EarlyStopTest, ClustersAreTheUnitsOfFractions) {
  for (size_t i = 0; i < plan_.prompts.size(); ++i) {
    plan_.prompts[i].cluster = absl::StrCat("c", i / 3);
  }
  Take(1, 0);
  EXPECT_THAT(LooksOf(plan_, samples_).fractions.at(""), ElementsAre(DoubleNear(0.2, kTolerance)));
  EXPECT_EQ(LooksOf(plan_, samples_).prompts, 12);
}

TEST_F(EarlyStopTest, StopsWhereTheDifferenceIsClearAndSaysWhatThatSaved) {
  Take(1, 3);
  // 12 prompts cannot reach the first bound, |z| = 4.877.
  EXPECT_THAT(StopReason(plan_, samples_), IsEmpty());
  samples_.clear();
  Take(2, 3);
  EXPECT_EQ(StopReason(plan_, samples_), kDecided);
  const Analysis analysis = Analyze(plan_, samples_, {});
  ASSERT_TRUE(analysis.early_stop.has_value());
  EXPECT_EQ(analysis.early_stop->look, 2);
  // 36 prompts, two candidates, 2 s each.
  EXPECT_NEAR(analysis.early_stop->saved_seconds, 144, kTolerance);
  EXPECT_EQ(EarlyStopText(*analysis.early_stop),
            "stopped at look 2 of 5, 24 of 60 prompts, because every two candidates are shown to "
            "differ in quality; this saved about 2 min");
  const Comparison& quality = Quality(analysis, "");
  EXPECT_EQ(quality.verdict, Verdict::kBetter);
  // Each content type has 12 prompts, and its level at this look is 0.00079 too.
  EXPECT_EQ(quality.min_pairs, 12);
}

TEST_F(EarlyStopTest, StopsOnlyIfEveryTwoCandidatesDiffer) {
  plan_.models = Candidates({"a", "b", "c"});
  Take(3, 2, 0.5);
  EXPECT_EQ(StopReason(plan_, samples_), kDecided);
  for (Sample& sample : samples_) {
    if (sample.model == "c") sample.quality_score = *sample.quality_score - 2;
  }
  EXPECT_THAT(StopReason(plan_, samples_), IsEmpty());
}

// The p-value and the interval allow for the looks, and agree.
TEST_F(EarlyStopTest, FiguresOfALookAreWiderThanThoseOfAFixedPlan) {
  Take(3, 0.8);
  const Analysis looked = Analyze(plan_, samples_, {});
  EvaluationPlan fixed = plan_;
  fixed.stop_early.reset();
  const Analysis plain = Analyze(fixed, samples_, {});
  EXPECT_FALSE(plain.early_stop.has_value());
  for (const std::string type : {"", "x", "y"}) {
    const PairedResult& a = Quality(looked, type).result;
    const PairedResult& b = Quality(plain, type).result;
    EXPECT_EQ(a.diff, b.diff);
    EXPECT_GT(a.p_value, b.p_value);
    EXPECT_LT(a.ci_low, b.ci_low);
    EXPECT_GT(a.ci_high, b.ci_high);
    EXPECT_EQ(a.p_value < plan_.alpha, a.ci_low > 0 || a.ci_high < 0) << type;
    EXPECT_NEAR(NominalLevel(LooksOf(plan_, samples_).fractions.at(type), a.p_value), b.p_value,
                1e-6);
  }
}

TEST_F(EarlyStopTest, AtThePlannedEndTheLossIsSmall) {
  Take(5, 0.5);
  EXPECT_THAT(StopReason(plan_, samples_), IsEmpty());
  const Analysis analysis = Analyze(plan_, samples_, {});
  EXPECT_EQ(analysis.early_stop->look, 5);
  EXPECT_EQ(EarlyStopText(*analysis.early_stop),
            "not stopped before the planned end: look 5 of 5, 60 of 60 prompts");
  EXPECT_EQ(Quality(analysis, "").min_pairs, 6);
}

TEST_F(EarlyStopTest, FutilityEndsOnlyIfThePlanHasIt) {
  Take(3, 0);
  // No difference at all.
  for (size_t i = 0; i + 1 < samples_.size(); i += 2) {
    const double sign = (i / 2) % 2 == 0 ? 1 : -1;
    samples_[i + 1].quality_score = *samples_[i].quality_score + sign * 0.5;
  }
  EXPECT_THAT(StopReason(plan_, samples_), IsEmpty());
  plan_.stop_early->futility = true;
  EXPECT_EQ(StopReason(plan_, samples_), kFutility);
  EXPECT_THAT(EarlyStopText(*EarlyStopOf(plan_, samples_)),
              HasSubstr("because no other difference in quality is likely to be shown"));
}

// A gate on a difference that was not known at the looks is as careful as the comparison.
TEST_F(EarlyStopTest, GatesOnDifferencesAllowForTheLooks) {
  Take(3, 0.8);
  Evaluation evaluation;
  evaluation.state = EvaluationState::kSucceeded;
  const Gate gate = *Gate::Parse("b - a >= 0 @97.5%");
  const auto check = [&](const EvaluationPlan& plan) {
    return gate.Check(evaluation, plan, samples_, {})->clauses.front();
  };
  const GateClauseResult looked = check(plan_);
  EvaluationPlan fixed = plan_;
  fixed.stop_early.reset();
  EXPECT_LT(*looked.limit_low, *check(fixed).limit_low);
  EXPECT_DOUBLE_EQ(*looked.limit_low, Quality(Analyze(plan_, samples_, {}), "").result.ci_low);
}

// Simulated evaluations of 60 prompts that end as StopReason() says. Returns the mean number of
// prompts and the fraction that showed a difference.
struct Outcome {
  double prompts = 0;
  double shown = 0;
  double overstated = 0;
};

TEST_F(EarlyStopTest, AFewEqualCandidatesAndAClearGap) {
  const auto simulate = [this](double gap, int runs) {
    Outcome outcome;
    for (int run = 0; run < runs; ++run) {
      plan_.order_seed = static_cast<uint64_t>(run + 1);
      const auto blocks = PromptBlocks(plan_, plan_.order_seed);
      samples_.clear();
      for (const std::vector<int>& block : blocks) {
        for (const int prompt : block) TakePrompt(prompt, gap, 1);
        if (!StopReason(plan_, samples_).empty()) break;
      }
      outcome.prompts += static_cast<double>(samples_.size()) / 2;
      const Comparison quality = Quality(Analyze(plan_, samples_, {}), "");
      outcome.shown += quality.p_adjusted < plan_.alpha ? 1 : 0;
    }
    return Outcome{.prompts = outcome.prompts / runs, .shown = outcome.shown / runs};
  };
  EXPECT_LE(simulate(0, 60).shown, 0.15);
  const Outcome clear = simulate(2, 15);
  EXPECT_GE(clear.shown, 0.99);
  EXPECT_LE(clear.prompts, 36);
}

}  // namespace
}  // namespace assay::evaluator
