// Tests of evaluator/tracking/tracked_run.
#include "evaluator/tracking/tracked_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "tests/evaluator/records/records.h"

namespace assay::evaluator {
namespace {

using ::testing::Contains;
using ::testing::DoubleNear;
using ::testing::IsSupersetOf;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

Sample Success(const std::string& type, double total_ms, double score) {
  Sample sample;
  sample.model = "m1";
  sample.content_type = type;
  sample.generation.total_ms = total_ms;
  sample.generation.tokens_per_second = 50;
  sample.quality_score = score;
  sample.memory = {1'000'000'000, 1'200'000'000, 1'500'000'000};
  sample.cost_usd = 0.00001;
  return sample;
}

Sample Failure(const std::string& type) {
  Sample sample;
  sample.model = "m1";
  sample.content_type = type;
  sample.error = "INTERNAL: broken";
  return sample;
}

class TrackedRunTest : public testing::Test {
 protected:
  TrackedRunTest() {
    evaluation_.id = "ev-1";
    evaluation_.name = "my note";
    evaluation_.state = EvaluationState::kSucceeded;
    evaluation_.started_at = absl::FromUnixSeconds(100);
    evaluation_.finished_at = absl::FromUnixSeconds(200);
    plan_.models = Candidates({"m1"});
    plan_.prompts = {{"a", "linkedin", "x"}, {"b", "twitter", "y"}};
    plan_.sampling.seed = 42;
    model_.name = "m1";
    model_.load = LoadReport{.load_seconds = 2.5,
                             .resident_bytes = 300'000'000,
                             .parameters = {{"device", "mps"}, {"seed", "not mine"}}};
  }

  RunContext Context(const std::vector<Sample>& samples) {
    return {.evaluation = evaluation_,
            .plan = plan_,
            .economics = economics_,
            .samples = samples,
            .answers = answers_,
            .scorer = "classic",
            .scorer_version = "1",
            .order_seed = 99};
  }

  TrackedRun Build(const std::vector<Sample>& samples) {
    return BuildTrackedRun(Context(samples), model_);
  }

  static std::map<std::string, double> Aggregates(const TrackedRun& run) {
    std::map<std::string, double> metrics;
    for (const TrackedMetric& metric : run.metrics) {
      if (metric.key.find("sample/") == 0 || metric.key.find("system/") == 0) continue;
      EXPECT_TRUE(metrics.emplace(metric.key, metric.value).second)
          << metric.key << " is duplicated";
      EXPECT_EQ(metric.time, run.finished_at);
    }
    return metrics;
  }

  Evaluation evaluation_;
  EvaluationPlan plan_;
  EconomicsInputs economics_;
  std::vector<TaskAnswer> answers_;
  PreparedModel model_;
};

TEST_F(TrackedRunTest, ContainsTheSixMainMetricsAndTheOthers) {
  const auto metrics = Aggregates(
      Build({Success("linkedin", 1000, 8), Success("twitter", 3000, 5), Failure("twitter")}));
  EXPECT_THAT(metrics, Contains(Pair("inference_latency_ms", 2000)));
  EXPECT_THAT(metrics, Contains(Pair("memory_usage_gb", 1.5)));
  EXPECT_THAT(metrics, Contains(Pair("tokens_per_second", 50)));
  EXPECT_THAT(metrics, Contains(Pair("content_quality_score", DoubleNear(13.0 / 3, 1e-12))));
  EXPECT_THAT(metrics, Contains(Pair("cost_per_request", DoubleNear(0.00001, 1e-18))));
  EXPECT_THAT(metrics, Contains(Pair("roi_per_piece", DoubleNear(14, 1e-9))));

  EXPECT_THAT(metrics, Contains(Pair("content_quality_score/linkedin", 8)));
  EXPECT_THAT(metrics, Contains(Pair("content_quality_score/twitter", 2.5)));
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

TEST_F(TrackedRunTest, SampleValuesHaveTheIndexOfTheSampleAsStep) {
  const TrackedRun run =
      Build({Success("linkedin", 1000, 8), Failure("twitter"), Success("twitter", 3000, 5)});
  std::map<std::string, std::vector<std::pair<int64_t, double>>> values;
  for (const TrackedMetric& metric : run.metrics) {
    if (metric.key.find("sample/") == 0) values[metric.key].emplace_back(metric.step, metric.value);
  }
  EXPECT_EQ(values.size(), 16U);
  EXPECT_THAT(values["sample/inference_latency_ms"],
              testing::ElementsAre(Pair(0, 1000), Pair(2, 3000)));
  EXPECT_THAT(values["sample/content_quality_score"], testing::ElementsAre(Pair(0, 8), Pair(2, 5)));
}

TEST_F(TrackedRunTest, ParametersAreSufficientToRepeatTheRun) {
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

TEST_F(TrackedRunTest, HasTagsAndIdentity) {
  const TrackedRun run = Build({Success("linkedin", 1000, 8)});
  EXPECT_EQ(run.client_key, "ev-1/m1");
  EXPECT_EQ(run.run_name, "business_test_m1");
  EXPECT_TRUE(run.succeeded);
  EXPECT_THAT(run.tags, testing::UnorderedElementsAre(
                            Pair("assay.evaluation_id", "ev-1"), Pair("assay.state", "succeeded"),
                            Pair("mlflow.source.name", "assay"), Pair("mlflow.source.type", "JOB"),
                            Pair("mlflow.note.content", "my note")));
}

TEST_F(TrackedRunTest, TheRunOfAModelIsNestedInTheRunOfTheEvaluation) {
  const std::vector<Sample> samples = {Success("linkedin", 1000, 8)};
  const TrackedRun parent = BuildTrackedEvaluation(Context(samples));
  const TrackedRun run = Build(samples);
  ASSERT_TRUE(run.parent.has_value());
  EXPECT_EQ(run.parent->client_key, parent.client_key);
  EXPECT_EQ(run.parent->run_name, parent.run_name);
  EXPECT_EQ(run.parent->started_at, parent.started_at);
  EXPECT_FALSE(parent.parent.has_value());
  EXPECT_EQ(parent.run_name, "my note");
  EXPECT_EQ(parent.model, "");
  EXPECT_THAT(parent.artifacts, IsSupersetOf({"report.html", "samples.jsonl", "plan.json"}));
  EXPECT_THAT(run.artifacts, testing::ElementsAre("samples.jsonl"));
  ASSERT_TRUE(parent.dataset && run.dataset);
  EXPECT_EQ(parent.dataset->digest, run.dataset->digest);
  EXPECT_EQ(parent.dataset->digest.size(), 64U);
}

TEST_F(TrackedRunTest, TheRunOfTheEvaluationComparesTheModels) {
  evaluation_.summaries = {
      {.model = "m1", .content_type = "linkedin"},
      {.model = "m1", .success_rate = 0.5, .quality_score = {.n = 2, .mean = 7}}};
  Comparison comparison{.baseline = "m1", .candidate = "m2", .metric = "latency_ms"};
  comparison.result.status = PairedStatus::kOk;
  comparison.result.diff = -12;
  comparison.p_adjusted = 0.01;
  evaluation_.analysis.comparisons = {comparison};
  evaluation_.analysis.rankings = {{.candidates = {{.name = "m1", .rank = 2}}}};
  evaluation_.analysis.decisions = {"m2 is faster."};
  evaluation_.analysis.cost = {.compute_seconds = 60, .joules = 1200, .usd = 0.0123};
  evaluation_.scaling = {{.model = "m1", .level = 4, .tokens_per_second = 99}};
  const std::vector<Sample> samples;
  const TrackedRun run = BuildTrackedEvaluation(Context(samples));
  std::map<std::string, double> metrics;
  for (const TrackedMetric& metric : run.metrics) metrics[metric.key] = metric.value;
  EXPECT_THAT(
      metrics,
      IsSupersetOf({Pair("content_quality_score/m1", 7.0), Pair("evaluation_cost_usd", 0.0123),
                    Pair("evaluation_compute_s", 60.0), Pair("evaluation_energy_joules", 1200.0),
                    Pair("success_rate/m1", 0.5), Pair("rank/m1", 2.0),
                    Pair("comparison/m2/latency_ms/difference", -12.0),
                    Pair("comparison/m2/latency_ms/p_adjusted", 0.01),
                    Pair("scaling/concurrency/m1/tokens_per_second", 99.0)}));
  EXPECT_THAT(run.tags, Contains(Pair("mlflow.note.content", "my note\n\nm2 is faster.")));
}

TEST_F(TrackedRunTest, ScoresTasksAndSystemMetricsAreIncluded) {
  Sample sample = Success("linkedin", 1000, 8);
  sample.scores = {{.scorer = "assay", .version = "2", .overall = 8, .parts = {{"length", 6}}}};
  sample.system = {{"cpu_utilization_percentage", 50}};
  sample.finished_at = absl::FromUnixSeconds(150);
  plan_.tasks = {{.name = "facts", .items = {{.id = "i", .choices = {"a", "b"}}}}};
  answers_ = {{.model = "m1",
               .task = "facts",
               .item_id = "i",
               .log_likelihoods = {-1, -2},
               .tokens = {1, 1},
               .chosen = 0,
               .correct = true}};
  const TrackedRun run = Build({sample});
  EXPECT_THAT(Aggregates(run),
              IsSupersetOf({Pair("score/assay", 8.0), Pair("score/assay/length", 6.0),
                            Pair("accuracy/facts", 1.0)}));
  EXPECT_THAT(run.metrics,
              Contains(testing::AllOf(
                  testing::Field(&TrackedMetric::key, "system/cpu_utilization_percentage"),
                  testing::Field(&TrackedMetric::time, sample.finished_at))));
  ASSERT_TRUE(run.deployed.has_value());
  EXPECT_EQ(run.deployed->key, "m1@");
}

TEST_F(TrackedRunTest, ATaskHasAnAccuracyIfAnItemWasAnsweredHoweverManyFailed) {
  plan_.tasks = {
      {.name = "facts",
       .items = {{.id = "i", .choices = {"a", "b"}}, {.id = "j", .choices = {"a", "b"}}}},
      {.name = "broken", .items = {{.id = "k", .choices = {"a", "b"}}}}};
  answers_ = {{.model = "m1",
               .task = "facts",
               .item_id = "i",
               .log_likelihoods = {-1, -2},
               .tokens = {1, 1},
               .chosen = 0,
               .correct = true},
              {.model = "m1", .task = "facts", .item_id = "j", .error = "INTERNAL: broken"},
              {.model = "m1", .task = "broken", .item_id = "k", .error = "INTERNAL: broken"}};
  const auto metrics = Aggregates(Build({Success("linkedin", 1000, 8)}));
  EXPECT_THAT(metrics, IsSupersetOf({Pair("accuracy/facts", 1.0), Pair("task_errors/facts", 1.0),
                                     Pair("task_errors/broken", 1.0)}));
  EXPECT_THAT(metrics, Not(Contains(Key("accuracy/broken"))));
}

TEST_F(TrackedRunTest, AModelThatCannotLoadHasCountsAndItsErrorButNoTimings) {
  model_.load = absl::DataLossError("m1.gguf: truncated");
  const TrackedRun run = Build({Failure("linkedin")});
  EXPECT_FALSE(run.succeeded);
  const auto metrics = Aggregates(run);
  EXPECT_THAT(metrics, Contains(Pair("success_rate", 0)));
  EXPECT_THAT(metrics, Not(Contains(Key("inference_latency_ms"))));
  EXPECT_THAT(metrics, Not(Contains(Key("inference_latency_ms/linkedin"))));
  // A failed generation scores 0.
  EXPECT_THAT(metrics, Contains(Pair("content_quality_score", 0)));
  EXPECT_THAT(metrics, Not(Contains(Key("roi_per_piece"))));
  EXPECT_THAT(run.tags, Contains(Pair("assay.first_error", "m1.gguf: truncated")));
}

TEST_F(TrackedRunTest, MetricsAreFinite) {
  Sample odd = Success("linkedin", std::nan(""), 8);
  odd.generation.tokens_per_second = std::numeric_limits<double>::infinity();
  odd.cost_usd = 0;
  model_.load->load_seconds = std::nan("");
  const TrackedRun run = Build({odd, odd});
  EXPECT_FALSE(run.metrics.empty());
  for (const TrackedMetric& metric : run.metrics) {
    EXPECT_TRUE(std::isfinite(metric.value)) << metric.key;
  }
}

}  // namespace
}  // namespace assay::evaluator
