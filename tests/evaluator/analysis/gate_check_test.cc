// Tests of gates against results.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/gate.h"
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

TEST_F(GateCheckTest, RelationsDifferAtTheBound) {
  EXPECT_TRUE(Check("m1:quality >= 7.75")->passed);
  EXPECT_TRUE(Check("m1:quality <= 7.75")->passed);
  EXPECT_FALSE(Check("m1:quality > 7.75")->passed);
  EXPECT_FALSE(Check("m1:quality < 7.75")->passed);
  EXPECT_TRUE(Check("m1:quality > 7.7")->passed);
  EXPECT_TRUE(Check("m1:quality<7.8")->passed);
}

TEST_F(GateCheckTest, EveryClauseMustHoldForEveryCandidate) {
  const absl::StatusOr<GateResult> all = Check("quality >= 6");
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->clauses.size(), 3);
  EXPECT_EQ(all->clauses[0].text, "m1:quality >= 6");
  EXPECT_TRUE(all->clauses[0].holds);
  EXPECT_EQ(all->clauses[1].text, "smollm2:q4:quality >= 6");
  EXPECT_FALSE(all->clauses[1].holds);
  EXPECT_FALSE(all->passed);
  EXPECT_TRUE(Check("m1:quality >= 6 AND smollm2:q4:latency/p90 <= 0.1")->passed);
  EXPECT_FALSE(Check("m1:quality >= 6 and m1:latency/p90 <= 2")->passed);
}

TEST_F(GateCheckTest, AClauseWithoutMeasurementsFails) {
  const absl::StatusOr<GateResult> none = Check("dead:quality >= 0");
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->passed);
  EXPECT_FALSE(none->clauses[0].value.has_value());
  EXPECT_FALSE(Check("dead:latency/p90 <= 100")->passed);
  EXPECT_FALSE(Check("m1:quality/twitter >= 0")->passed);
  EXPECT_FALSE(Check("smollm2:q4:accuracy/facts >= 0")->passed);
  EXPECT_FALSE(Check("dead:success_rate >= 0.5")->passed);
  samples_.clear();
  EXPECT_FALSE(Check("success_rate >= 0")->passed);
}

TEST_F(GateCheckTest, IgnoresValuesThatAreNotFinite) {
  for (Sample& sample : samples_) sample.generation.total_ms = std::nan("");
  EXPECT_FALSE(Check("m1:latency/mean <= 1e300")->passed);
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
    EXPECT_FALSE(result->passed);
    EXPECT_THAT(result->reason, HasSubstr(word));
    // The clauses are still evaluated.
    EXPECT_TRUE(result->clauses.front().holds);
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
  EXPECT_TRUE(Check("`m1:latency/p90` <= 5 AND m1:quality >= 7")->passed);
}

}  // namespace
}  // namespace assay::evaluator
