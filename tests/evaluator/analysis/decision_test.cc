// Tests of decisions on evaluations that invite a false claim.
#include "evaluator/analysis/decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/analysis.h"
#include "evaluator/records/evaluation.h"
#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class DecisionTest : public ::testing::Test {
 protected:
  void Plan(const std::vector<std::string>& models, int prompts) {
    plan_.models = Candidates(models);
    for (int i = 0; i < prompts; ++i) {
      plan_.prompts.push_back({.id = absl::StrCat("p", i), .content_type = "blog"});
    }
  }

  void Score(const std::string& model, int prompt, double quality) {
    Sample sample{.model = model, .content_type = "blog", .prompt_id = absl::StrCat("p", prompt)};
    sample.quality_score = quality;
    samples_.push_back(sample);
  }

  Analysis Run() const { return Analyze(plan_, samples_, {}); }

  static std::vector<int> Ranks(const Analysis& analysis) {
    std::vector<int> ranks;
    for (const RankedCandidate& c : analysis.rankings.front().candidates) ranks.push_back(c.rank);
    return ranks;
  }

  static Comparison QualityOf(const Analysis& analysis, const std::string& candidate) {
    for (const Comparison& c : analysis.comparisons) {
      if (c.candidate == candidate && c.metric == "quality_score") return c;
    }
    ADD_FAILURE() << candidate << " is not compared";
    return {};
  }

  EvaluationPlan plan_;
  std::vector<Sample> samples_;
};

TEST_F(DecisionTest, OneCandidateWithTooFewPromptsHasNoFigure) {
  Plan({"a"}, 3);
  for (int i = 0; i < 3; ++i) Score("a", i, i);
  const Analysis analysis = Run();
  EXPECT_THAT(analysis.decisions[0],
              EndsWith("too few prompts (3 of 6) to say how well a scores; nothing to compare it "
                       "with"));
  const RankedCandidate& only = analysis.rankings.front().candidates.front();
  EXPECT_EQ(only.clusters, 3);
  EXPECT_GT(*only.ci_low, 0);
  EXPECT_LT(*only.ci_high, 10);
}

// A claim about means needs a test of means: that b is higher on 19 of 20 prompts is no evidence
// that b's mean is higher.
TEST_F(DecisionTest, AnOutlierAgainstTheRanksSupportsNoClaim) {
  Plan({"a", "b"}, 20);
  for (int i = 0; i < 20; ++i) {
    Score("a", i, 8 + 0.01 * i);
    Score("b", i, i == 0 ? 0 : 8.1 + 0.011 * i);
  }
  const Analysis analysis = Run();
  const Comparison c = QualityOf(analysis, "b");
  EXPECT_LT(c.result.diff, 0);
  EXPECT_GT(c.p_adjusted, 0.1);
  EXPECT_EQ(c.verdict, Verdict::kNoDifferenceShown);
  EXPECT_THAT(analysis.decisions[0], HasSubstr("no difference shown between b and a"));
  EXPECT_THAT(Ranks(analysis), ElementsAre(1, 1));
}

// b's mean is the highest only because it failed the hard prompts.
TEST_F(DecisionTest, FailingTheHardPromptsDoesNotGiveASoleFirstRank) {
  Plan({"a", "b", "c"}, 20);
  for (int i = 0; i < 20; ++i) {
    const bool easy = i < 10;
    Score("a", i, (easy ? 9 : 2) + 0.01 * i);
    Score("c", i, (easy ? 7 : 0) + 0.02 * i);
    if (easy) Score("b", i, 8 + 0.013 * i);
  }
  const Analysis analysis = Run();
  EXPECT_EQ(analysis.rankings.front().candidates.front().name, "b");
  EXPECT_THAT(Ranks(analysis), ElementsAre(1, 1, 3));
  EXPECT_THAT(analysis.decisions[0], Not(HasSubstr("lower than b: a")));
  // On the ten easy prompts b is lower, which its mean over them alone hides.
  EXPECT_THAT(analysis.decisions[0],
              HasSubstr("against the baseline a: c worse; b no difference shown"));
  EXPECT_EQ(QualityOf(analysis, "b").unpaired.size(), 10);
}

TEST_F(DecisionTest, ThreePromptsAreTooFewForALowerRank) {
  Plan({"a", "b", "c"}, 20);
  for (int i = 0; i < 20; ++i) {
    Score("a", i, 8 + 0.01 * i);
    Score("b", i, 6 + 0.02 * i);
    if (i < 3) Score("c", i, 5);
  }
  const Analysis analysis = Run();
  EXPECT_THAT(Ranks(analysis), ElementsAre(1, 2, 2));
  EXPECT_EQ(analysis.rankings.front().candidates[2].n_common, 3);
  EXPECT_THAT(analysis.decisions[0], HasSubstr("; lower than a: b (6.19); too few prompts to "
                                               "compare with a: c (5.00, 3 prompts);"));
}

TEST_F(DecisionTest, ThreeCandidatesOnThreePromptsAreNotCompared) {
  Plan({"a", "b", "c"}, 3);
  for (int i = 0; i < 3; ++i) {
    Score("a", i, 8);
    Score("b", i, 6);
    Score("c", i, 5);
  }
  EXPECT_THAT(Run().decisions,
              ElementsAre("over all content types: no verdict is possible at 3 prompts; at least 6 "
                          "are needed to compare 3 candidates"));
}

TEST_F(DecisionTest, NamesTheCorrectionOfThePValue) {
  Plan({"a", "b"}, 12);
  for (int i = 0; i < 12; ++i) {
    Score("a", i, 8 + 0.01 * i);
    Score("b", i, 6 + 0.02 * i);
  }
  plan_.correction = Correction::kNone;
  EXPECT_THAT(Run().decisions[0], HasSubstr(", p = 0.00049, 12 prompts)"));
  plan_.correction = Correction::kBenjaminiHochberg;
  EXPECT_THAT(Run().decisions[0], HasSubstr("Benjamini-Hochberg-adjusted p = 0.00049, 12"));
}

TEST_F(DecisionTest, NamesCandidatesWithoutScores) {
  Plan({"a", "b", "c"}, 8);
  for (int i = 0; i < 8; ++i) {
    Score("a", i, 8 + 0.01 * i);
    Score("b", i, 6 + 0.02 * i);
  }
  EXPECT_THAT(Run().decisions[0], EndsWith("; no scores for: c"));
}

TEST_F(DecisionTest, AMeanDifferenceOfZeroHasADetectableDifference) {
  Plan({"a", "b"}, 12);
  for (int i = 0; i < 12; ++i) {
    Score("a", i, 5);
    Score("b", i, i % 2 == 0 ? 4 : 6);
  }
  const Comparison c = QualityOf(Run(), "b");
  EXPECT_EQ(c.result.diff, 0);
  EXPECT_EQ(c.pairs_needed, 0);
  EXPECT_NEAR(c.detectable_difference, 0.928, 0.001);
}

TEST_F(DecisionTest, PairsNeededAreAtLeastTheMinimumOfTheTest) {
  Plan({"a", "b"}, 12);
  for (int i = 0; i < 12; ++i) {
    Score("a", i, 5);
    Score("b", i, 9 + 0.01 * i);
  }
  EXPECT_EQ(QualityOf(Run(), "b").pairs_needed, kMinPairs);
}

TEST_F(DecisionTest, AnUnknownBaselineGivesRankingsOnly) {
  Plan({"a", "b"}, 8);
  for (int i = 0; i < 8; ++i) {
    Score("a", i, 8 + 0.01 * i);
    Score("b", i, 6 + 0.02 * i);
  }
  plan_.baseline = "unknown";
  const Analysis analysis = Run();
  EXPECT_THAT(analysis.comparisons, IsEmpty());
  EXPECT_THAT(analysis.decisions[0], HasSubstr("a scores highest"));
}

// Scores of commands and clocks can have any value.
TEST_F(DecisionTest, EveryNumberOfTheAnalysisIsFinite) {
  Plan({"a", "b"}, 10);
  const std::vector<double> nasty = {
      0, 1, 1e300, -1e300, 1e-300, 5e-324, std::numeric_limits<double>::max(), HUGE_VAL, NAN, -1};
  for (size_t shift = 0; shift < nasty.size(); ++shift) {
    samples_.clear();
    for (size_t i = 0; i < 10; ++i) {
      Score("a", static_cast<int>(i), nasty[i % (shift + 1)]);
      Score("b", static_cast<int>(i), nasty[(i + shift) % nasty.size()]);
      samples_.back().generation.total_ms = nasty[(i * 3) % nasty.size()];
    }
    const Analysis analysis = Run();
    for (const Comparison& c : analysis.comparisons) {
      const PairedResult& r = c.result;
      for (const double value :
           {r.baseline_mean, r.candidate_mean, r.diff, r.ci_low, r.ci_high, r.p_value,
            r.t_test_p_value, r.effect_size, c.p_adjusted, c.detectable_difference}) {
        EXPECT_TRUE(std::isfinite(value)) << c.metric << " shift " << shift;
      }
    }
    for (const Ranking& ranking : analysis.rankings) {
      for (const RankedCandidate& c : ranking.candidates) {
        EXPECT_TRUE(std::isfinite(c.mean) && std::isfinite(c.ci_low.value_or(0)) &&
                    std::isfinite(c.ci_high.value_or(0)));
      }
    }
  }
}

}  // namespace
}  // namespace assay::evaluator
