// Tests of gates against results.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/gate.h"
#include "evaluator/stats/paired.h"
#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

using testing::HasSubstr;

Sample Measured(const std::string& model, const std::string& type, double quality, double ms) {
  Sample sample;
  sample.model = model;
  sample.content_type = type;
  sample.quality_score = quality;
  sample.generation.total_ms = ms;
  sample.generation.first_token_ms = ms / 10;
  sample.generation.tokens_per_second = 50;
  sample.cost_usd = 2e-6;
  return sample;
}

class GateCheckTest : public testing::Test {
 protected:
  GateCheckTest() {
    evaluation_.state = EvaluationState::kSucceeded;
    evaluation_.finished_samples = 3;
    evaluation_.total_samples = 24;
    plan_.failures = FailurePolicy::kLeaveOut;
    plan_.models = Candidates({"m1", "smollm2:q4", "dead"});
    plan_.prompts = Prompts({{"p1", "linkedin", "x"}, {"p2", "twitter", "x"}});
    plan_.tasks = {{.name = "facts", .items = {{"q1", "a", {"b", "c"}, 0}}},
                   {.name = "novel", .kind = TaskKind::kPerplexity, .text = "t"}};
    for (int i = 1; i <= 5; ++i) {
      samples_.push_back(Measured("m1", "linkedin", 7 + 0.25 * i, 1000 * i));
      samples_.push_back(Measured("smollm2:q4", "twitter", 5, 100));
    }
    Sample failed;
    failed.model = "m1";
    failed.content_type = "linkedin";
    failed.error = "UNAVAILABLE: gone";
    samples_.push_back(failed);
    failed.model = "dead";
    samples_.push_back(failed);
    answers_ = {{.model = "m1", .task = "facts", .item_id = "q1", .correct = true},
                {.model = "m1", .task = "facts", .item_id = "q2", .correct = false},
                {.model = "m1", .task = "facts", .item_id = "q3", .error = "UNAVAILABLE"},
                {.model = "m1", .task = "novel", .log_likelihoods = {-20}, .tokens = {10}}};
  }

  absl::StatusOr<GateResult> Check(const std::string& text) const {
    absl::StatusOr<Gate> gate = Gate::Parse(text);
    if (!gate.ok()) return gate.status();
    return gate->Check(evaluation_, plan_, samples_, answers_);
  }

  // Returns the value of the single clause for m1.
  double Value(const std::string& metric) const {
    const absl::StatusOr<GateResult> result = Check("m1:" + metric + " >= 0");
    if (!result.ok()) ADD_FAILURE() << result.status();
    if (!result.ok() || result->clauses.size() != 1) return -1;
    return result->clauses[0].value.value_or(-1);
  }

  Evaluation evaluation_;
  EvaluationPlan plan_;
  std::vector<Sample> samples_;
  std::vector<TaskAnswer> answers_;
};

TEST_F(GateCheckTest, ComputesEveryMetric) {
  EXPECT_DOUBLE_EQ(Value("quality"), 7.75);
  EXPECT_DOUBLE_EQ(Value("quality/linkedin"), 7.75);
  EXPECT_DOUBLE_EQ(Value("latency/mean"), 3);
  EXPECT_DOUBLE_EQ(Value("latency/p50"), 3);
  EXPECT_DOUBLE_EQ(Value("latency/p90"), 4.6);
  EXPECT_DOUBLE_EQ(Value("latency/p99"), 4.96);
  EXPECT_DOUBLE_EQ(Value("first_token/p90"), 0.46);
  EXPECT_DOUBLE_EQ(Value("tokens_per_second"), 50);
  EXPECT_DOUBLE_EQ(Value("cost"), 2e-6);
  EXPECT_DOUBLE_EQ(Value("success_rate"), 5.0 / 6);
  EXPECT_DOUBLE_EQ(Value("accuracy/facts"), 0.5);
  EXPECT_DOUBLE_EQ(Value("perplexity/novel"), std::exp(2.0));
}

TEST_F(GateCheckTest, FailedGenerationsScoreZeroByDefault) {
  plan_.failures = FailurePolicy::kZero;
  EXPECT_DOUBLE_EQ(Value("quality"), 7.75 * 5 / 6);
  EXPECT_DOUBLE_EQ(Value("latency/mean"), 3);
}

TEST_F(GateCheckTest, RelationsDifferAtTheBound) {
  EXPECT_TRUE(Check("m1:quality >= 7.75")->passed());
  EXPECT_TRUE(Check("m1:quality <= 7.75")->passed());
  EXPECT_FALSE(Check("m1:quality > 7.75")->passed());
  EXPECT_FALSE(Check("m1:quality < 7.75")->passed());
  EXPECT_TRUE(Check("m1:quality > 7.7")->passed());
  EXPECT_TRUE(Check("m1:quality<7.8")->passed());
}

TEST_F(GateCheckTest, EveryClauseMustHoldForEveryCandidate) {
  const absl::StatusOr<GateResult> all = Check("quality >= 6");
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->clauses.size(), 3);
  EXPECT_EQ(all->clauses[0].text, "m1:quality >= 6");
  EXPECT_TRUE(all->clauses[0].holds());
  EXPECT_EQ(all->clauses[1].text, "smollm2:q4:quality >= 6");
  EXPECT_FALSE(all->clauses[1].holds());
  EXPECT_FALSE(all->passed());
  EXPECT_TRUE(Check("m1:quality >= 6 AND smollm2:q4:latency/p90 <= 0.1")->passed());
  EXPECT_FALSE(Check("m1:quality >= 6 and m1:latency/p90 <= 2")->passed());
}

TEST_F(GateCheckTest, AClauseWithoutMeasurementsFails) {
  const absl::StatusOr<GateResult> none = Check("dead:quality >= 0");
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->passed());
  EXPECT_FALSE(none->clauses[0].value.has_value());
  EXPECT_FALSE(Check("dead:latency/p90 <= 100")->passed());
  EXPECT_FALSE(Check("m1:quality/twitter >= 0")->passed());
  EXPECT_FALSE(Check("smollm2:q4:accuracy/facts >= 0")->passed());
  EXPECT_FALSE(Check("dead:success_rate >= 0.5")->passed());
  samples_.clear();
  EXPECT_FALSE(Check("success_rate >= 0")->passed());
}

TEST_F(GateCheckTest, IgnoresValuesThatAreNotFinite) {
  for (Sample& sample : samples_) sample.generation.total_ms = std::nan("");
  EXPECT_FALSE(Check("m1:latency/mean <= 1e300")->passed());
}

TEST_F(GateCheckTest, ErrorsForUnknownNamesListTheKnownOnes) {
  EXPECT_THAT(Check("m9:quality >= 1").status().message(), HasSubstr("m1, smollm2:q4, dead"));
  EXPECT_THAT(Check("quality/blog >= 1").status().message(), HasSubstr("linkedin, twitter"));
  EXPECT_THAT(Check("accuracy/novel >= 1").status().message(), HasSubstr("facts"));
  EXPECT_THAT(Check("perplexity/facts >= 1").status().message(), HasSubstr("novel"));
  EXPECT_EQ(Check("m9:quality >= 1").status().code(), absl::StatusCode::kInvalidArgument);
}

// A part of an evaluation may look better than the whole.
TEST_F(GateCheckTest, AnIncompleteEvaluationNeverPasses) {
  for (const auto& [state, word] : std::vector<std::pair<EvaluationState, std::string>>{
           {EvaluationState::kCancelled, "was cancelled with 3 of 24 samples"},
           {EvaluationState::kFailed, "failed with 3 of 24 samples"},
           {EvaluationState::kRunning, "is still running with 3 of 24 samples"}}) {
    evaluation_.state = state;
    const absl::StatusOr<GateResult> result = Check("m1:quality >= 7");
    ASSERT_TRUE(result.ok());
    EXPECT_FALSE(result->passed());
    EXPECT_THAT(result->reason, HasSubstr(word));
    // The clauses are still evaluated.
    EXPECT_TRUE(result->clauses.front().holds());
  }
}

TEST_F(GateCheckTest, ChecksNamesWithoutResults) {
  const auto check = [this](const std::string& text) {
    return Gate::Parse(text)->CheckNames(plan_);
  };
  EXPECT_TRUE(check("m1:quality/twitter >= 7 AND accuracy/facts >= 0.5").ok());
  EXPECT_THAT(check("m9:quality >= 1").message(), HasSubstr("m1, smollm2:q4, dead"));
  EXPECT_THAT(check("quality/blog >= 1").message(), HasSubstr("linkedin, twitter"));
  EXPECT_EQ(check("accuracy/novel >= 1").code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(GateCheckTest, AcceptsMetricsInBackticks) {
  EXPECT_TRUE(Check("`m1:latency/p90` <= 5 AND m1:quality >= 7")->passed());
}

// Two candidates on `prompts` prompts; b's scores differ from a's by `shift` on average.
class DifferenceGateTest : public testing::Test {
 protected:
  void Make(int prompts, double shift) {
    evaluation_.state = EvaluationState::kSucceeded;
    plan_ = {};
    samples_.clear();
    plan_.models = Candidates({"a", "b", "c"});
    for (int i = 0; i < prompts; ++i) {
      plan_.prompts.push_back({.id = absl::StrCat("p", i), .content_type = "blog"});
      const double noise = 0.2 * ((i * 7) % 5 - 2);
      const double latency = 100 + i;
      for (const auto& [name, quality] : std::vector<std::pair<std::string, double>>{
               {"a", 5}, {"b", 5 + shift + noise}, {"c", 2 + noise}}) {
        samples_.push_back(Measured(name, "blog", quality, name == "b" ? latency / 2 : latency));
        samples_.back().prompt_id = plan_.prompts.back().id;
      }
    }
  }

  GateResult Check(const std::string& text) const {
    absl::StatusOr<GateResult> result = Gate::Parse(text)->Check(evaluation_, plan_, samples_, {});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *std::move(result) : GateResult();
  }

  Evaluation evaluation_;
  EvaluationPlan plan_;
  std::vector<Sample> samples_;
};

TEST_F(DifferenceGateTest, PassesFailsOrIsUndecidedByTheConfidenceLimits) {
  Make(20, 0.5);
  const GateResult result = Check("b - a >= -0.3");
  EXPECT_EQ(result.outcome, GateOutcome::kPass);
  ASSERT_EQ(result.clauses.size(), 1);
  const GateClauseResult& clause = result.clauses[0];
  EXPECT_EQ(clause.text, "b:quality - a >= -0.3 @95%");
  EXPECT_NEAR(*clause.value, 0.5, 1e-9);
  EXPECT_DOUBLE_EQ(result.wrong_pass, 1 - 0.95);
  // The bounds are just inside and just outside of the limits.
  const std::string low = absl::StrCat(*clause.limit_low - 0.001);
  const std::string inside = absl::StrCat(*clause.limit_low + 0.001);
  const std::string high = absl::StrCat(*clause.limit_high + 0.001);
  EXPECT_EQ(Check("b - a >= " + low).outcome, GateOutcome::kPass);
  EXPECT_EQ(Check("b - a >= " + inside).outcome, GateOutcome::kUndecided);
  EXPECT_EQ(Check("b - a >= " + high).outcome, GateOutcome::kFail);
  EXPECT_EQ(Check("b - a <= " + high).outcome, GateOutcome::kPass);
  EXPECT_EQ(Check("b - a <= " + inside).outcome, GateOutcome::kUndecided);
  EXPECT_EQ(Check("b - a <= " + low).outcome, GateOutcome::kFail);
  // A higher confidence needs more evidence.
  EXPECT_LT(*Check("b - a >= 0 @99%").clauses[0].limit_low, *clause.limit_low);
}

// With one-sided limits, a difference just at the bound passes in at most 5 % of evaluations.
TEST_F(DifferenceGateTest, TheLimitsAreOneSided) {
  Make(20, 0.5);
  std::vector<double> differences;
  for (size_t i = 0; i < samples_.size(); i += 3) {
    differences.push_back(*samples_[i + 1].quality_score - *samples_[i].quality_score);
  }
  const PairedResult two_sided =
      ComparePaired(std::vector<double>(differences.size(), 0.0), differences, 0.1);
  EXPECT_NEAR(*Check("b - a >= 0 @95%").clauses[0].limit_low, two_sided.ci_low, 1e-9);
}

TEST_F(DifferenceGateTest, FewPromptsAreUndecided) {
  Make(4, 3);
  const GateResult result = Check("b - a >= 0 AND a:quality >= 4");
  EXPECT_EQ(result.outcome, GateOutcome::kUndecided);
  EXPECT_FALSE(result.clauses[0].limit_low.has_value());
  EXPECT_TRUE(result.clauses[1].holds());
  // A clause that fails decides.
  EXPECT_EQ(Check("b - a >= 0 AND a:quality >= 9").outcome, GateOutcome::kFail);
}

TEST_F(DifferenceGateTest, CandidateAndBaselineAreNamesForAll) {
  Make(20, 0.5);
  plan_.baseline = "a";
  const GateResult result = Check("candidate - baseline >= -0.3");
  ASSERT_EQ(result.clauses.size(), 2);
  EXPECT_EQ(result.clauses[0].text, "b:quality - a >= -0.3 @95%");
  EXPECT_EQ(result.clauses[1].text, "c:quality - a >= -0.3 @95%");
  EXPECT_EQ(result.outcome, GateOutcome::kFail);
}

TEST_F(DifferenceGateTest, OtherMeansHaveTheUnitsOfValues) {
  Make(20, 0.5);
  const GateResult result = Check("b:latency/mean - a <= -0.04");
  EXPECT_EQ(result.outcome, GateOutcome::kPass);
  EXPECT_NEAR(*result.clauses[0].value, -0.05475, 1e-9);
}

TEST_F(DifferenceGateTest, NamesAreChecked) {
  Make(6, 0);
  const auto check = [this](const std::string& text) {
    return std::string(Gate::Parse(text)->CheckNames(plan_).message());
  };
  EXPECT_THAT(check("x - a >= 0"), HasSubstr("no candidate 'x'; it has a, b, c"));
  EXPECT_THAT(check("a - x >= 0"), HasSubstr("no candidate 'x'"));
  EXPECT_EQ(check("a - ev-1:x >= 0"), "");
  EXPECT_THAT(check("a:quality/email - b >= 0"), HasSubstr("no content type 'email'"));
  EXPECT_EQ(Gate::Parse("a - ev-1:x >= 0")->Check(evaluation_, plan_, samples_, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::evaluator
