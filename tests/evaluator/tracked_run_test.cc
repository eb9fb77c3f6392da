// Tests of evaluator/tracked_run.
#include "evaluator/tracked_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

namespace assay::evaluator {
namespace {

using ::testing::Contains;
using ::testing::DoubleNear;
using ::testing::IsSupersetOf;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

MeasuredSample Success(const std::string& type, double total_ms, double score) {
  MeasuredSample measured;
  measured.sample.model = "m1";
  measured.sample.content_type = type;
  measured.sample.generation.total_ms = total_ms;
  measured.sample.generation.tokens_per_second = 50;
  measured.sample.quality_score = score;
  measured.sample.memory = {1'000'000'000, 1'200'000'000, 1'500'000'000};
  measured.sample.cost_usd = 0.00001;
  return measured;
}

MeasuredSample Failure(const std::string& type) {
  MeasuredSample measured;
  measured.sample.model = "m1";
  measured.sample.content_type = type;
  measured.sample.error = "INTERNAL: broken";
  return measured;
}

class TrackedRunTest : public testing::Test {
 protected:
  TrackedRunTest() {
    evaluation_.id = "ev-1";
    evaluation_.name = "my note";
    evaluation_.state = EvaluationState::kSucceeded;
    evaluation_.started_at = absl::FromUnixSeconds(100);
    evaluation_.finished_at = absl::FromUnixSeconds(200);
    plan_.models = {"m1"};
    plan_.prompts = {{"a", "linkedin", "x"}, {"b", "twitter", "y"}};
    plan_.sampling.seed = 42;
    model_.name = "m1";
    model_.load = LoadReport{.load_seconds = 2.5,
                             .resident_bytes = 300'000'000,
                             .parameters = {{"device", "mps"}, {"seed", "not mine"}}};
  }

  TrackedRun Build(const std::vector<MeasuredSample>& samples) {
    return BuildTrackedRun({.evaluation = evaluation_,
                            .plan = plan_,
                            .economics = economics_,
                            .samples = samples,
                            .scorer = "classic",
                            .scorer_version = "1",
                            .order_seed = 99},
                           model_);
  }

  static std::map<std::string, double> Aggregates(const TrackedRun& run) {
    std::map<std::string, double> metrics;
    for (const TrackedMetric& metric : run.metrics) {
      if (metric.key.find("sample/") == 0) continue;
      EXPECT_TRUE(metrics.emplace(metric.key, metric.value).second) << metric.key << " twice";
      EXPECT_EQ(metric.time, run.finished_at);
    }
    return metrics;
  }

  Evaluation evaluation_;
  EvaluationPlan plan_;
  EconomicsInputs economics_;
  PreparedModel model_;
};

TEST_F(TrackedRunTest, HoldsTheSixNamedMetricsAndTheRest) {
  const auto metrics = Aggregates(
      Build({Success("linkedin", 1000, 8), Success("twitter", 3000, 5), Failure("twitter")}));
  EXPECT_THAT(metrics, Contains(Pair("inference_latency_ms", 2000)));
  EXPECT_THAT(metrics, Contains(Pair("memory_usage_gb", 1.5)));
  EXPECT_THAT(metrics, Contains(Pair("tokens_per_second", 50)));
  EXPECT_THAT(metrics, Contains(Pair("content_quality_score", 6.5)));
  EXPECT_THAT(metrics, Contains(Pair("cost_per_request", DoubleNear(0.00001, 1e-18))));
  EXPECT_THAT(metrics, Contains(Pair("roi_per_piece", DoubleNear(14, 1e-9))));

  EXPECT_THAT(metrics, Contains(Pair("content_quality_score/linkedin", 8)));
  EXPECT_THAT(metrics, Contains(Pair("content_quality_score/twitter", 5)));
  EXPECT_THAT(metrics, Contains(Pair("success_rate/twitter", 0.5)));
  EXPECT_THAT(metrics, Contains(Pair("success_rate", DoubleNear(2.0 / 3, 1e-12))));
  EXPECT_THAT(metrics, Contains(Pair("failures", 1)));
  EXPECT_THAT(metrics, Contains(Pair("load_time_s", 2.5)));
  EXPECT_THAT(metrics, Contains(Pair("resident_memory_gb", 0.3)));
  EXPECT_THAT(metrics, Contains(Pair("memory_growth_gb", DoubleNear(0.2, 1e-12))));
  EXPECT_THAT(metrics, Contains(Pair("savings_per_year", DoubleNear(51.1, 1e-9))));
  EXPECT_THAT(metrics, Contains(Pair("inference_latency_ms_p90", 2800)));
  EXPECT_GT(metrics.size(), 50U);
}

TEST_F(TrackedRunTest, SampleValuesHaveTheSamplesNumberAsStep) {
  const TrackedRun run =
      Build({Success("linkedin", 1000, 8), Failure("twitter"), Success("twitter", 3000, 5)});
  std::map<std::string, std::vector<std::pair<int64_t, double>>> values;
  for (const TrackedMetric& metric : run.metrics) {
    if (metric.key.find("sample/") == 0) values[metric.key].emplace_back(metric.step, metric.value);
  }
  EXPECT_EQ(values.size(), 6U);
  EXPECT_THAT(values["sample/inference_latency_ms"],
              testing::ElementsAre(Pair(0, 1000), Pair(2, 3000)));
  EXPECT_THAT(values["sample/content_quality_score"], testing::ElementsAre(Pair(0, 8), Pair(2, 5)));
}

TEST_F(TrackedRunTest, ParametersHoldAllThatIsNeededToRepeatTheRun) {
  const TrackedRun run = Build({Success("linkedin", 1000, 8)});
  const std::map<std::string, std::string> params(run.params.begin(), run.params.end());
  EXPECT_EQ(params.size(), run.params.size());
  EXPECT_THAT(
      params,
      IsSupersetOf({Pair("device", "mps"), Pair("seed", "42"), Pair("order_seed", "99"),
                    Pair("temperature", "0"), Pair("max_new_tokens", "200"), Pair("repeats", "1"),
                    Pair("prompt_set_version", "custom"), Pair("power_watts", "20"),
                    Pair("api_usd_per_request", "0.00015"), Pair("scorer", "classic"),
                    Pair("scorer_version", "1"), Pair("content_types", "linkedin,twitter")}));
}

TEST_F(TrackedRunTest, TagsAndIdentity) {
  const TrackedRun run = Build({Success("linkedin", 1000, 8)});
  EXPECT_EQ(run.client_key, "ev-1/m1");
  EXPECT_EQ(run.run_name, "business_test_m1");
  EXPECT_TRUE(run.succeeded);
  EXPECT_THAT(run.tags, testing::UnorderedElementsAre(Pair("assay.evaluation_id", "ev-1"),
                                                      Pair("assay.state", "succeeded"),
                                                      Pair("mlflow.source.name", "assay"),
                                                      Pair("mlflow.note.content", "my note")));
}

TEST_F(TrackedRunTest, AModelThatNeverLoadedHasCountsAndItsErrorButNoMeans) {
  model_.load = absl::DataLossError("m1.gguf: truncated");
  const TrackedRun run = Build({Failure("linkedin")});
  EXPECT_FALSE(run.succeeded);
  const auto metrics = Aggregates(run);
  EXPECT_THAT(metrics, Contains(Pair("success_rate", 0)));
  EXPECT_THAT(metrics, Not(Contains(Key("inference_latency_ms"))));
  EXPECT_THAT(metrics, Not(Contains(Key("content_quality_score"))));
  EXPECT_THAT(metrics, Not(Contains(Key("roi_per_piece"))));
  EXPECT_THAT(run.tags, Contains(Pair("assay.first_error", "m1.gguf: truncated")));
}

TEST_F(TrackedRunTest, NoMetricIsEverNaNOrInfinite) {
  MeasuredSample odd = Success("linkedin", std::nan(""), 8);
  odd.sample.generation.tokens_per_second = std::numeric_limits<double>::infinity();
  odd.sample.cost_usd = 0;
  model_.load->load_seconds = std::nan("");
  const TrackedRun run = Build({odd, odd});
  EXPECT_FALSE(run.metrics.empty());
  for (const TrackedMetric& metric : run.metrics) {
    EXPECT_TRUE(std::isfinite(metric.value)) << metric.key;
  }
}

}  // namespace
}  // namespace assay::evaluator
