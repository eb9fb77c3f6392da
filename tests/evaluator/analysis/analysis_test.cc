// Tests of the analysis of synthetic evaluations with known differences.
#include "evaluator/analysis/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/records/evaluation.h"
#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Prompts differ more than candidates do, so only paired tests detect the difference.
double PromptScore(int prompt) { return 4 + 0.37 * ((prompt * 7) % 11); }

class AnalysisTest : public ::testing::Test {
 protected:
  // Makes a plan with `prompts` prompts of each type.
  void Plan(const std::vector<std::string>& models, const std::vector<std::string>& types,
            int prompts) {
    plan_.models = Candidates(models);
    for (const std::string& type : types) {
      for (int i = 0; i < prompts; ++i) {
        plan_.prompts.push_back({.id = absl::StrCat(type, "-", i), .content_type = type});
      }
    }
  }

  // Adds two repeats of every prompt. `shift` is the candidate's advantage.
  void Add(const std::string& model, double shift) {
    for (size_t i = 0; i < plan_.prompts.size(); ++i) {
      for (int repeat = 0; repeat < 2; ++repeat) {
        Sample sample{.model = model,
                      .content_type = plan_.prompts[i].content_type,
                      .prompt_id = plan_.prompts[i].id,
                      .repeat = repeat};
        const int number = static_cast<int>(i);
        // The noise depends on model and prompt; its mean is about 0.
        const double noise = 0.05 * (((number * 13 + static_cast<int>(model.back()) * 5) % 9) - 4);
        sample.quality_score = PromptScore(number) + shift + noise + 0.01 * repeat;
        sample.generation.total_ms = 100 + number;
        samples_.push_back(sample);
      }
    }
  }

  Analysis Run() { return Analyze(plan_, samples_, answers_); }

  static Comparison Find(const Analysis& analysis, const std::string& candidate,
                         const std::string& type, const std::string& metric) {
    for (const Comparison& c : analysis.comparisons) {
      if (c.candidate == candidate && c.content_type == type && c.metric == metric) return c;
    }
    ADD_FAILURE() << candidate << " " << type << " " << metric << " is missing";
    return analysis.comparisons.front();
  }

  EvaluationPlan plan_;
  std::vector<Sample> samples_;
  std::vector<TaskAnswer> answers_;
};

TEST_F(AnalysisTest, FindsABetterCandidateAndStatesTheDifference) {
  Plan({"a", "b"}, {"linkedin"}, 12);
  Add("a", 0);
  Add("b", 1);
  const Analysis analysis = Run();
  EXPECT_EQ(analysis.baseline, "a");
  const Comparison c = Find(analysis, "b", "", "quality_score");
  EXPECT_EQ(c.verdict, Verdict::kBetter);
  EXPECT_EQ(c.result.n_paired, 12);
  EXPECT_NEAR(c.result.diff, 1, 0.1);
  EXPECT_GT(c.detectable_difference, 0);
  ASSERT_THAT(analysis.decisions, SizeIs(1));
  EXPECT_THAT(analysis.decisions[0],
              HasSubstr("over all content types: b scores higher than a by "));
  EXPECT_THAT(analysis.decisions[0], HasSubstr(", adjusted p = "));
  EXPECT_THAT(analysis.decisions[0], HasSubstr(", 12 prompts)"));
}

TEST_F(AnalysisTest, LowerIsBetterForLatency) {
  Plan({"a", "b"}, {"linkedin"}, 10);
  Add("a", 0);
  Add("b", 0);
  for (Sample& sample : samples_) {
    if (sample.model == "b") sample.generation.total_ms += 50 + sample.prompt_id.size();
  }
  const Comparison c = Find(Run(), "b", "", "latency_ms");
  EXPECT_FALSE(c.greater_is_better);
  EXPECT_EQ(c.verdict, Verdict::kWorse);
}

TEST_F(AnalysisTest, DoesNotClaimEquality) {
  Plan({"a", "b"}, {"linkedin"}, 12);
  Add("a", 0);
  Add("b", 0.02);
  const Analysis analysis = Run();
  EXPECT_EQ(Find(analysis, "b", "", "quality_score").verdict, Verdict::kNoDifferenceShown);
  EXPECT_THAT(analysis.decisions[0], HasSubstr("no difference shown between b and a"));
  EXPECT_THAT(analysis.decisions[0], HasSubstr("prompts would be needed"));
  EXPECT_THAT(analysis.decisions[0], HasSubstr("(t-test, power 0.8, level 0.05)"));
}

// A comparison among three candidates needs more pairs than a single one at 0.05.
TEST_F(AnalysisTest, PairsNeededUseTheCorrectedLevel) {
  Plan({"a", "b"}, {"x"}, 12);
  Add("a", 0);
  Add("b", 0.02);
  const Comparison alone = Find(Run(), "b", "", "quality_score");
  EXPECT_EQ(alone.power_alpha, 0.05);
  plan_ = {};
  samples_.clear();
  Plan({"a", "b", "c"}, {"x", "y"}, 12);
  Add("a", 0);
  Add("b", 0.02);
  Add("c", 0.02);
  Analysis corrected = Run();
  const Comparison one = Find(corrected, "b", "", "quality_score");
  // Three pairs of candidates. The test over both content types has 4/5 of a pair's error, and
  // that of one of two types the whole of it once the pair is shown to differ.
  EXPECT_DOUBLE_EQ(one.power_alpha, 0.05 / 3 * 0.8);
  EXPECT_DOUBLE_EQ(Find(corrected, "b", "x", "quality_score").power_alpha, 0.05 / 3);
  EXPECT_THAT(corrected.decisions.back(), HasSubstr("against the baseline"));
  plan_.correction = Correction::kNone;
  const Comparison free = Find(Run(), "b", "", "quality_score");
  EXPECT_EQ(free.power_alpha, 0.05);
  EXPECT_GT(one.pairs_needed, free.pairs_needed);
  EXPECT_GT(one.detectable_difference, free.detectable_difference);
}

TEST_F(AnalysisTest, PairsNeededAreEnoughForTheSignFlipTest) {
  Plan({"a", "b", "c", "d", "e"}, {"x", "y"}, 8);
  for (const char* model : {"a", "b", "c", "d", "e"}) Add(model, model[0] - 'a');
  // 2 / 2^9 is the largest p-value of this form below 0.8 * 0.05 / 10 pairs.
  EXPECT_EQ(Find(Run(), "e", "", "quality_score").pairs_needed, 9);
}

TEST_F(AnalysisTest, EqualScoresGivePValueOneAndFiniteNumbers) {
  Plan({"a", "b"}, {"x", "y"}, 6);
  Add("a", 0);
  for (Sample& sample : samples_) sample.quality_score = 5;
  const std::vector<Sample> copy = samples_;
  for (Sample sample : copy) {
    sample.model = "b";
    samples_.push_back(sample);
  }
  const Analysis analysis = Run();
  for (const Comparison& c : analysis.comparisons) {
    EXPECT_EQ(c.p_adjusted, 1) << c.metric;
    EXPECT_EQ(c.verdict, Verdict::kNoDifferenceShown);
    for (const double value :
         {c.result.diff, c.result.ci_low, c.result.ci_high, c.result.effect_size,
          c.detectable_difference, c.result.t_test_p_value}) {
      EXPECT_TRUE(std::isfinite(value)) << c.metric;
    }
  }
  EXPECT_EQ(analysis.rankings.front().candidates[1].rank, 1);
}

TEST_F(AnalysisTest, ListsPromptsThatOneSideFailed) {
  Plan({"a", "b"}, {"linkedin"}, 8);
  Add("a", 0);
  Add("b", 1);
  for (Sample& sample : samples_) {
    if (sample.model != "b" || sample.prompt_id != "linkedin-3") continue;
    sample.error = "INTERNAL: broken";
    sample.quality_score.reset();
  }
  EXPECT_EQ(Find(Run(), "b", "", "quality_score").result.n_paired, 8);
  plan_.failures = FailurePolicy::kLeaveOut;
  const Comparison c = Find(Run(), "b", "", "quality_score");
  EXPECT_EQ(c.result.n_paired, 7);
  EXPECT_THAT(c.unpaired, ElementsAre("linkedin-3: the candidate failed: INTERNAL: broken"));
}

TEST_F(AnalysisTest, PairsAPromptWithOneSuccessfulRepeat) {
  Plan({"a", "b"}, {"linkedin"}, 8);
  Add("a", 0);
  Add("b", 1);
  samples_.back().error = "INTERNAL: broken";
  EXPECT_EQ(Find(Run(), "b", "", "quality_score").result.n_paired, 8);
}

TEST_F(AnalysisTest, FewerThanSixPromptsAreNotCompared) {
  Plan({"a", "b"}, {"linkedin"}, 5);
  Add("a", 0);
  Add("b", 3);
  const Analysis analysis = Run();
  const Comparison c = Find(analysis, "b", "", "quality_score");
  EXPECT_EQ(c.verdict, Verdict::kTooFewPairs);
  EXPECT_EQ(c.p_adjusted, 1);
  EXPECT_THAT(
      analysis.decisions[0],
      HasSubstr("no verdict is possible at 5 prompts; at least 6 are needed to compare b with "
                "a"));
  EXPECT_EQ(analysis.rankings.front().candidates[1].rank, 1);
}

TEST_F(AnalysisTest, ASmallerLevelNeedsMorePrompts) {
  Plan({"a", "b"}, {"linkedin"}, 7);
  Add("a", 0);
  Add("b", 3);
  plan_.alpha = 0.01;
  const Analysis analysis = Run();
  EXPECT_EQ(Find(analysis, "b", "", "quality_score").verdict, Verdict::kTooFewPairs);
  EXPECT_EQ(Find(analysis, "b", "", "quality_score").min_pairs, 8);
  EXPECT_THAT(analysis.decisions[0],
              HasSubstr("no verdict is possible at 7 prompts; at least 8 are needed"));
}

TEST_F(AnalysisTest, PromptsOfOneClusterCountAsOne) {
  Plan({"a", "b"}, {"linkedin"}, 12);
  for (size_t i = 0; i < 12; ++i) plan_.prompts[i].cluster = absl::StrCat("c", i / 4);
  Add("a", 0);
  Add("b", 1);
  const Analysis analysis = Run();
  EXPECT_EQ(Find(analysis, "b", "", "quality_score").result.n_paired, 3);
  EXPECT_EQ(Find(analysis, "b", "", "quality_score").verdict, Verdict::kTooFewPairs);
}

TEST_F(AnalysisTest, CorrectsOverAllCandidatesAndTypesOfAMetric) {
  Plan({"a", "b", "c"}, {"x", "y"}, 7);
  Add("a", 0);
  Add("b", 0.3);
  Add("c", 0.3);
  plan_.correction = Correction::kNone;
  const Analysis plain = Run();
  plan_.correction = Correction::kHolm;
  const Analysis holm = Run();
  EXPECT_EQ(holm.correction, "holm");
  for (const Comparison& c : plain.comparisons) {
    EXPECT_EQ(c.p_adjusted, c.result.p_value);
    const Comparison corrected = Find(holm, c.candidate, c.content_type, c.metric);
    EXPECT_GE(corrected.p_adjusted, c.result.p_value);
  }
  // Quality has three pairs of candidates, and the other metrics have the two with the baseline.
  // No difference in latency is shown by content type, so that the test over all types has 4/5.
  for (const auto& [metric, pairs] :
       std::map<std::string, int>{{"quality_score", 3}, {"latency_ms", 2}}) {
    double smallest = 1;
    double adjusted = 1;
    for (const Comparison& c : holm.comparisons) {
      if (c.metric != metric || !c.content_type.empty()) continue;
      smallest = std::min(smallest, c.result.p_value);
      adjusted = std::min(adjusted, c.p_adjusted);
    }
    EXPECT_GE(adjusted, std::min(1.0, pairs * smallest)) << metric;
    EXPECT_LE(adjusted, std::min(1.0, pairs * smallest / 0.8)) << metric;
  }
}

TEST_F(AnalysisTest, IndistinguishableCandidatesShareARank) {
  Plan({"a", "b", "c", "d"}, {"linkedin"}, 20);
  Add("a", 0);
  Add("b", 0.01);
  Add("c", -2);
  Add("d", -2.01);
  const Analysis analysis = Run();
  const std::vector<RankedCandidate>& ranked = analysis.rankings.front().candidates;
  std::vector<int> ranks;
  ranks.reserve(ranked.size());
  for (const RankedCandidate& candidate : ranked) ranks.push_back(candidate.rank);
  EXPECT_THAT(ranks, ElementsAre(1, 1, 3, 3));
  EXPECT_THAT(analysis.decisions[0], HasSubstr("; lower than"));
  EXPECT_THAT(analysis.decisions[0], HasSubstr("no difference shown between "));
  EXPECT_LT(ranked[0].ci_low, ranked[0].mean);
}

TEST_F(AnalysisTest, DecisionsCoverEachTypeAndThenTheWhole) {
  Plan({"a", "b"}, {"blog", "email"}, 8);
  Add("a", 0);
  Add("b", 1);
  const Analysis analysis = Run();
  ASSERT_THAT(analysis.decisions, SizeIs(3));
  EXPECT_THAT(analysis.decisions[0], HasSubstr("blog: b scores higher"));
  EXPECT_THAT(analysis.decisions[1], HasSubstr("email: b scores higher"));
  EXPECT_THAT(analysis.decisions[2], HasSubstr("over all content types: b scores higher"));
}

TEST_F(AnalysisTest, DescribesASingleModel) {
  Plan({"a"}, {"blog"}, 8);
  Add("a", 0);
  const Analysis analysis = Run();
  EXPECT_THAT(analysis.comparisons, IsEmpty());
  EXPECT_THAT(analysis.decisions[0], HasSubstr("nothing to compare it with"));
}

TEST_F(AnalysisTest, DoesNotRankAModelWithoutSuccesses) {
  Plan({"a", "b", "c"}, {"blog"}, 8);
  Add("a", 0);
  Add("b", -1);
  const Analysis analysis = Run();
  EXPECT_THAT(analysis.rankings.front().candidates, SizeIs(2));
  EXPECT_THAT(Find(analysis, "c", "", "quality_score").unpaired, SizeIs(8));
}

TEST_F(AnalysisTest, ComparesAnswersByMcNemar) {
  plan_.models = Candidates({"a", "b"});
  KnownAnswerTask task{.name = "facts"};
  for (int i = 0; i < 12; ++i) {
    task.items.push_back({.id = absl::StrCat("q", i), .choices = {"x", "y"}});
    for (const std::string model : {"a", "b"}) {
      answers_.push_back({.model = model,
                          .task = "facts",
                          .item_id = absl::StrCat("q", i),
                          .correct = model == "b" || i < 2});
    }
  }
  plan_.tasks = {task};
  const Analysis analysis = Run();
  const Comparison c = Find(analysis, "b", "", "accuracy/facts");
  EXPECT_EQ(c.result.method, "mcnemar_exact");
  EXPECT_EQ(c.verdict, Verdict::kBetter);
  EXPECT_NEAR(c.result.diff, 10.0 / 12, 1e-12);
}

TEST_F(AnalysisTest, ReportsSteadyMemoryGrowthAsALeak) {
  Plan({"a", "b", "c"}, {"blog"}, 40);
  Add("a", 0);
  Add("b", 0);
  Add("c", 0);
  samples_.resize(samples_.size() - 40);
  std::map<std::string, int64_t> numbers;
  for (Sample& sample : samples_) {
    const int64_t number = ++numbers[sample.model];
    const bool outlier = number % 7 == 0;
    sample.memory.after_bytes = 1'000'000'000 + (outlier ? 50'000'000 : 0);
    // Model a leaks; the others only fill a cache during the first half.
    const int64_t grown = sample.model == "a" ? number : std::min<int64_t>(number, 40);
    sample.memory.after_bytes += grown * 100'000;
  }
  const Analysis analysis = Run();
  ASSERT_THAT(analysis.memory, SizeIs(3));
  EXPECT_EQ(analysis.memory[0].n, 40);
  EXPECT_TRUE(analysis.memory[0].leaks);
  EXPECT_NEAR(analysis.memory[0].slope, 100'000, 5'000);
  EXPECT_FALSE(analysis.memory[1].leaks);
  EXPECT_EQ(analysis.memory[1].slope, 0);
  // Forty samples are too few for a verdict.
  EXPECT_EQ(analysis.memory[2].n, 0);
}

}  // namespace
}  // namespace assay::evaluator
