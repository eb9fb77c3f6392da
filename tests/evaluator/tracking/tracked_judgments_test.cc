// Tests of evaluator/tracking/tracked_judgments.
#include "evaluator/tracking/tracked_judgments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "evaluator/records/tracking_json.h"
#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

using ::testing::Contains;
using ::testing::DoubleNear;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr int kPrompts = 8;

std::map<std::string, double> MetricsOf(const TrackedRun& run) {
  std::map<std::string, double> metrics;
  for (const TrackedMetric& metric : run.metrics) metrics[metric.key] = metric.value;
  return metrics;
}

class TrackedJudgmentsTest : public testing::Test {
 protected:
  TrackedJudgmentsTest() {
    evaluation_.id = "ev-1";
    evaluation_.name = "my note";
    plan_.models = Candidates({"a", "b", "c", "unjudged"});
    for (int i = 0; i < kPrompts; ++i) plan_.prompts.push_back({.id = absl::StrCat("p", i)});
    // "a" wins 6 of 8 against "b", and all against "c".
    for (int i = 0; i < kPrompts; ++i) {
      Add("b", i, i < 6 ? Preference::kSample : Preference::kOther);
      Add("c", i, Preference::kSample);
    }
  }

  void Add(const std::string& other, int prompt, Preference preference) {
    const std::string id = absl::StrCat("p", prompt);
    judgments_.push_back({.judge = "jürgen",
                          .version = "local/m@1 rubric 12",
                          .sample = {.model = "a", .prompt_id = id},
                          .other = {.model = other, .prompt_id = id},
                          .forward = preference,
                          .backward = preference,
                          .cost_usd = 0.5});
  }

  std::vector<TrackedRun> Build() const {
    return BuildTrackedJudgments(evaluation_, plan_, SummarizeJudgments(plan_, judgments_, {}),
                                 absl::FromUnixSeconds(300));
  }

  Evaluation evaluation_;
  EvaluationPlan plan_;
  std::vector<Judgment> judgments_;
};

TEST_F(TrackedJudgmentsTest, CandidatesHaveTheirWinRates) {
  const std::vector<TrackedRun> runs = Build();
  // The evaluation and the candidates that were judged.
  ASSERT_THAT(runs, SizeIs(4));
  const TrackedRun& a = runs[1];
  EXPECT_EQ(a.amendment, "judgments");
  EXPECT_EQ(a.client_key, "ev-1/a");
  EXPECT_EQ(a.run_name, "business_test_a");
  EXPECT_THAT(a.params, IsEmpty());
  const std::map<std::string, double> metrics = MetricsOf(a);
  EXPECT_THAT(metrics, Contains(Pair("judge/jürgen/win_rate", DoubleNear(0.875, 1e-12))));
  EXPECT_THAT(metrics, Contains(Pair("judge/jürgen/wins", 14)));
  EXPECT_THAT(metrics, Contains(Pair("judge/jürgen/losses", 2)));
  EXPECT_THAT(metrics, Contains(Pair("judge/jürgen/win_rate_against/b", DoubleNear(0.75, 1e-12))));
  const std::map<std::string, double> b = MetricsOf(runs[2]);
  EXPECT_THAT(b, Contains(Pair("judge/jürgen/win_rate_against/a", DoubleNear(0.25, 1e-12))));
  EXPECT_THAT(b, Not(Contains(Key("judge/jürgen/win_rate_against/c"))));
  // The interval of the share 6/8, mirrored. scipy.stats.binomtest(6,
  // 8).proportion_ci(method="wilson").
  EXPECT_NEAR(b.at("judge/jürgen/win_rate_against/a_ci_low"), 1 - 0.928521, 1e-6);
  EXPECT_NEAR(b.at("judge/jürgen/win_rate_against/a_ci_high"), 1 - 0.409275, 1e-6);
}

TEST_F(TrackedJudgmentsTest, TheEvaluationHasTheJudgesAndTheReports) {
  const TrackedRun run = Build().front();
  EXPECT_EQ(run.client_key, "ev-1/evaluation");
  EXPECT_EQ(run.model, "");
  const std::map<std::string, double> metrics = MetricsOf(run);
  EXPECT_THAT(metrics, Contains(Pair("judge/jürgen/win_rate/c", 0)));
  EXPECT_THAT(metrics, Contains(Pair("judge/jürgen/judgments", 16)));
  EXPECT_THAT(metrics, Contains(Pair("judge/jürgen/position_bias", 0)));
  EXPECT_THAT(metrics, Contains(Pair("judging_cost_usd", 8)));
  EXPECT_THAT(run.tags, Contains(Pair("assay.judge.jürgen", "local/m@1 rubric 12")));
  EXPECT_THAT(run.artifacts, Contains("judgments.json"));
  EXPECT_THAT(run.artifacts, Contains("results.json"));
  const auto copy = TrackedRunFromJson(TrackedRunToJson(run));
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ(copy->amendment, "judgments");
}

TEST_F(TrackedJudgmentsTest, WithoutJudgmentsThereIsNothingToAdd) {
  judgments_.clear();
  EXPECT_THAT(Build(), IsEmpty());
}

}  // namespace
}  // namespace assay::evaluator
