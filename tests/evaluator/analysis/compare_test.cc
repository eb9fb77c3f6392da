// Tests of the comparison of models from two evaluations.
#include "evaluator/analysis/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
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
  const Runner::Started started = Start(Plan());
  held_.WaitForNotification();
  ASSERT_TRUE(runner_->Cancel(started.evaluation.id).ok());
  Follow(*started.feed);
  const auto compared = Compare(whole, started.evaluation.id);
  ASSERT_TRUE(compared.ok()) << compared.status();
  EXPECT_THAT(compared->differences, Contains(HasSubstr("was cancelled after 0 of 8 samples")));
}

}  // namespace
}  // namespace assay::evaluator
