// Tests of the comparison of models from two evaluations.
#include "evaluator/analysis/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/forecast.h"
#include "evaluator/report/recorded_reports.h"
#include "tests/evaluator/run/runner_fixture.h"

namespace assay::evaluator {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CompareTest : public RunnerTest {
 protected:
  static EvaluationPlan Plan() {
    EvaluationPlan plan = TwoByTwo();
    plan.models = Candidates({"m1"});
    plan.repeats = 1;
    plan.prompts.clear();
    for (int i = 0; i < 8; ++i) {
      plan.prompts.push_back({.id = absl::StrCat("p", i),
                              .content_type = "blog",
                              .prompt = std::string(static_cast<size_t>(i + 1), 'a')});
    }
    return plan;
  }

  std::string Run(const EvaluationPlan& plan) {
    const Runner::Started started = Start(plan);
    Follow(*started.feed);
    return started.evaluation.id;
  }

  absl::StatusOr<ComparedRuns> Compare(const std::string& a, const std::string& b) {
    return CompareRuns(store_.get(), {.evaluation_id = a}, {.evaluation_id = b}, {});
  }

  static Comparison ComparisonOf(const ComparedRuns& compared, const std::string& metric) {
    for (const Comparison& c : compared.analysis.comparisons) {
      if (c.metric == metric && c.content_type.empty()) return c;
    }
    ADD_FAILURE() << metric;
    return {};
  }
};

TEST_F(CompareTest, EqualRunsHaveNoDifferences) {
  const auto compared = Compare(Run(Plan()), Run(Plan()));
  ASSERT_TRUE(compared.ok()) << compared.status();
  EXPECT_THAT(compared->differences, IsEmpty());
  EXPECT_EQ(ComparisonOf(*compared, "quality_score").result.n_paired, 8);
}

// Different settings may explain a difference between the models.
TEST_F(CompareTest, ListsDifferentSettings) {
  EvaluationPlan other = Plan();
  other.max_new_tokens = 128;
  other.repeats = 2;
  other.timeout = absl::Seconds(10);
  other.sampling = {.temperature = 0.5, .seed = 3};
  const auto compared = Compare(Run(Plan()), Run(other));
  ASSERT_TRUE(compared.ok()) << compared.status();
  for (const char* difference :
       {"max_new_tokens: 64 and 128", "repeats: 1 and 2", "timeout: 5m and 10s",
        "temperature: 0 and 0.5", "seed: 0 and 3"}) {
    EXPECT_THAT(compared->differences, Contains(difference));
  }
}

// A more expensive kWh does not make a model more expensive.
TEST_F(CompareTest, CostsUseTheBaselinesInputs) {
  EvaluationPlan cheap = Plan();
  cheap.economics = EconomicsInputs{.power_watts = 20, .electricity_usd_per_kwh = 0.15};
  EvaluationPlan dear = Plan();
  dear.economics = EconomicsInputs{.power_watts = 40, .electricity_usd_per_kwh = 0.30};
  const auto compared = Compare(Run(cheap), Run(dear));
  ASSERT_TRUE(compared.ok()) << compared.status();
  const Comparison cost = ComparisonOf(*compared, "cost_usd");
  EXPECT_EQ(cost.result.diff, 0);
  EXPECT_EQ(cost.verdict, Verdict::kNoDifferenceShown);
  EXPECT_THAT(compared->differences,
              Contains("economics (power_watts: 20 and 40; electricity_usd_per_kwh: 0.15 and 0.3): "
                       "the costs of both sides use the baseline's inputs"));
}

TEST_F(CompareTest, DoesNotPairPromptsWithDifferentConstraints) {
  EvaluationPlan other = Plan();
  other.prompts[2].constraints.max_characters = 10;
  other.prompts[3].reference = "Good.";
  const auto compared = Compare(Run(Plan()), Run(other));
  ASSERT_TRUE(compared.ok()) << compared.status();
  const Comparison quality = ComparisonOf(*compared, "quality_score");
  EXPECT_EQ(quality.result.n_paired, 6);
  EXPECT_THAT(quality.unpaired, Contains(HasSubstr("p2: ")));
}

TEST_F(CompareTest, ReportsAnIncompleteEvaluation) {
  const std::string whole = Run(Plan());
  HoldAtFirstSample();
  const auto hold = generator_.before_answer;
  std::atomic<int> samples = 0;
  generator_.before_answer = [&](const GenerationJob& job, const CallContext& context) {
    const bool is_sample = job.max_new_tokens >= TwoByTwo().max_new_tokens;
    if (is_sample && ++samples > 4) hold(job, context);
  };
  const Runner::Started started = Start(Plan());
  held_.WaitForNotification();
  ASSERT_TRUE(runner_->Cancel(started.evaluation.id).ok());
  Follow(*started.feed);
  const auto compared = Compare(whole, started.evaluation.id);
  ASSERT_TRUE(compared.ok()) << compared.status();
  EXPECT_THAT(compared->differences, Contains(HasSubstr("was cancelled after 4 of 8 samples")));
}

TEST_F(CompareTest, RefusesAnEvaluationWithoutASample) {
  const std::string whole = Run(Plan());
  HoldAtFirstSample();
  const Runner::Started started = Start(Plan());
  held_.WaitForNotification();
  ASSERT_TRUE(runner_->Cancel(started.evaluation.id).ok());
  Follow(*started.feed);
  const absl::Status refused = Compare(whole, started.evaluation.id).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr(started.evaluation.id + " was cancelled before its first sample"));
}

TEST_F(CompareTest, ChecksAGateAndCountsItsAttempts) {
  const std::string first = Run(Plan());
  const auto compare = [&](const std::string& candidate, const std::string& gate) {
    return CompareRuns(store_.get(), {.evaluation_id = first}, {.evaluation_id = candidate},
                       {.gate = gate});
  };
  const std::string gate = "candidate - baseline >= -0.3 @90%";
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const std::string next = Run(Plan());
    const auto compared = compare(next, gate);
    ASSERT_TRUE(compared.ok()) << compared.status();
    ASSERT_TRUE(compared->gate.has_value());
    EXPECT_EQ(compared->gate->outcome, GateOutcome::kPass);
    EXPECT_EQ(compared->gate->attempt, attempt);
    EXPECT_NEAR(compared->gate->wrong_pass, 0.1, 1e-12);
    // The same evaluation is the same attempt.
    EXPECT_EQ(compare(next, gate)->gate->attempt, attempt);
  }
  // Another bound is another gate.
  EXPECT_EQ(compare(Run(Plan()), "candidate - baseline >= -0.4 @90%")->gate->attempt, 1);
  EXPECT_EQ(compare(Run(Plan()), "candidate:quality >= 0")->gate->attempt, 0);
  EXPECT_TRUE(absl::IsInvalidArgument(compare(Run(Plan()), "quality").status()));
}

TEST_F(CompareTest, AGateMayNameAnEarlierEvaluation) {
  const std::string first = Run(Plan());
  const std::string second = Run(Plan());
  const RecordedReports reports(store_.get(), {});
  const auto result = reports.Check(second, absl::StrCat("m1 - ", first, ":m1 >= -0.3"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->outcome, GateOutcome::kPass);
  EXPECT_EQ(result->clauses[0].text, absl::StrCat("m1:quality - ", first, ":m1 >= -0.3 @95%"));
  EXPECT_EQ(result->attempt, 1);
  EXPECT_TRUE(
      absl::IsNotFound(reports.Check(second, "m1 - ev-20000101-000000-000000:m1 >= 0").status()));
}

TEST_F(CompareTest, ForecastsFromPastEvaluations) {
  EvaluationPlan plan = Plan();
  plan.models = Candidates({"m1", "m2"});
  // Nothing was measured yet.
  auto forecast = MakeForecast(store_.get(), plan, 0.5);
  ASSERT_TRUE(forecast.ok());
  ASSERT_EQ(forecast->detectable.size(), 1);
  EXPECT_EQ(forecast->detectable[0].prompts, 8);
  EXPECT_EQ(forecast->detectable[0].deviation, kAssumedDeviation);
  EXPECT_FALSE(forecast->seconds.has_value());
  EXPECT_EQ(forecast->samples, 16);
  // 8 pairs detect 1.16 standard deviations at 0.05 with a power of 0.8; 0.25 of them need 128.
  EXPECT_NEAR(*forecast->detectable[0].difference, 2 * 1.15603, 0.0001);
  EXPECT_EQ(forecast->detectable[0].prompts_needed, 128);
  const absl::Status refused = CheckDetects(*forecast, 0.5);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("128 prompts can detect it"));
  EXPECT_TRUE(CheckDetects(*forecast, 3).ok());
  EXPECT_TRUE(CheckDetects(*forecast, 0).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckDetects(*forecast, 11)));

  Run(plan);
  forecast = MakeForecast(store_.get(), plan, 0);
  ASSERT_TRUE(forecast.ok());
  EXPECT_TRUE(forecast->seconds.has_value());
  EXPECT_TRUE(forecast->cost_usd.has_value());
}

}  // namespace
}  // namespace assay::evaluator
