// Tests log batches against MLflow's limits.
#include "server/mlflow/batch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/mlflow/fake_mlflow.h"

namespace assay::server {
namespace {

using nlohmann::json;
using ::testing::EndsWith;
using ::testing::MatchesRegex;

TEST(MlflowBatchTest, EveryBatchIsWithinLimitsAndNothingIsLost) {
  evaluator::TrackedRun run = MakeRun("k", 2500);
  run.params.clear();
  run.tags.clear();
  for (int i = 0; i < 250; ++i) {
    run.params.emplace_back(absl::StrCat("p", i), std::string(6000, 'v'));
    run.tags.emplace_back(absl::StrCat("t", i), std::string(9000, 'v'));
  }
  std::multiset<int64_t> steps;
  size_t params = 0;
  size_t tags = 0;
  for (const std::string& body : MakeLogBatches("run", "", run)) {
    ASSERT_LE(body.size(), 1'000'000U);
    const json batch = json::parse(body);
    EXPECT_EQ(batch.at("run_id"), "run");
    EXPECT_LE(batch.at("metrics").size(), 1000U);
    EXPECT_LE(batch.at("params").size(), 100U);
    EXPECT_LE(batch.at("tags").size(), 100U);
    EXPECT_LE(batch.at("metrics").size() + batch.at("params").size() + batch.at("tags").size(),
              1000U);
    for (const json& metric : batch.at("metrics")) steps.insert(metric.at("step").get<int64_t>());
    params += batch.at("params").size();
    tags += batch.at("tags").size();
    for (const json& tag : batch.at("tags")) {
      EXPECT_LE(tag.at("value").get<std::string>().size(), 8000U);
    }
  }
  EXPECT_EQ(steps.size(), 2500U);
  EXPECT_EQ(std::set<int64_t>(steps.begin(), steps.end()).size(), 2500U);
  EXPECT_EQ(params, 250U);
  EXPECT_EQ(tags, 250U);
}

TEST(MlflowBatchTest, NonFiniteMetricsAreLeftOutAndCounted) {
  evaluator::TrackedRun run = MakeRun("k", 1);
  run.metrics.push_back({"x", std::nan(""), run.started_at, 0});
  run.metrics.push_back({"y", std::numeric_limits<double>::infinity(), run.started_at, 0});
  const auto batches = MakeLogBatches("run", "", run);
  ASSERT_EQ(batches.size(), 1U);
  const json batch = json::parse(batches[0]);
  EXPECT_EQ(batch.at("metrics").size(), 1U);
  EXPECT_EQ(batch.at("tags")[0], (json{{"key", "assay.metrics_left_out"}, {"value", "2"}}));
}

TEST(MlflowBatchTest, AttributesMetricsButNotSeriesToTheModel) {
  evaluator::TrackedRun run = MakeRun("k", 0);
  for (const char* key : {"latency_ms", "sample/latency_ms", "system/cpu_utilization_percentage"}) {
    run.metrics.push_back({key, 1, run.started_at, 0});
  }
  run.dataset = {.name = "prompts", .digest = std::string(64, 'a')};
  const json metrics = json::parse(MakeLogBatches("run", "m-1", run).at(0)).at("metrics");
  EXPECT_EQ(metrics[0].at("model_id"), "m-1");
  EXPECT_EQ(metrics[0].at("dataset_name"), "prompts");
  EXPECT_EQ(metrics[0].at("dataset_digest"), std::string(36, 'a'));
  EXPECT_FALSE(metrics[1].contains("model_id"));
  EXPECT_FALSE(metrics[2].contains("model_id"));
}

// MLflow 3.17 answered 400 to a repeated request with 177 such metrics.
TEST(MlflowBatchTest, LimitsModelMetricsToARepeatableRequest) {
  evaluator::TrackedRun run = MakeRun("k", 0);
  for (int i = 0; i < 250; ++i) {
    run.metrics.push_back({absl::StrCat("figure_", i), 1, run.started_at, 0});
    run.metrics.push_back({absl::StrCat("sample/figure_", i), 1, run.started_at, 0});
  }
  const auto of_model = [](const json& metric) { return metric.contains("model_id"); };
  size_t metrics = 0;
  for (const std::string& body : MakeLogBatches("run", "m-1", run)) {
    const json batch = json::parse(body).at("metrics");
    EXPECT_LE(std::count_if(batch.begin(), batch.end(), of_model), 100);
    metrics += batch.size();
  }
  EXPECT_EQ(metrics, 500U);
}

TEST(MlflowBatchTest, LastOfRepeatedParamsWins) {
  evaluator::TrackedRun run = MakeRun("k", 0);
  run.params = {{"a", "1"}, {"a", "2"}};
  const json batch = json::parse(MakeLogBatches("run", "", run).at(0));
  EXPECT_EQ(batch.at("params"), (json::array({{{"key", "a"}, {"value", "2"}}})));
}

TEST(MlflowBatchTest, ReplacesInvalidUtf8) {
  evaluator::TrackedRun run = MakeRun("k", 0);
  run.params = {{"a", "\xff"}};
  const json batch = json::parse(MakeLogBatches("run", "", run).at(0));
  EXPECT_EQ(batch.at("params")[0].at("value"), "\xef\xbf\xbd");
}

TEST(MlflowBatchTest, NormalizesKeysForMlflow) {
  EXPECT_EQ(FitKey("latency_ms/p90 - a.b:c"), "latency_ms/p90 - a.b:c");
  // Python's \w contains letters and digits of all scripts, but no marks.
  EXPECT_EQ(FitKey("语气"), "语气");
  EXPECT_EQ(FitKey("größe/२"), "größe/२");
  EXPECT_THAT(FitKey("a(b)%"), MatchesRegex("a_b___[0-9a-f]{8}"));
  EXPECT_NE(FitKey("a(b)%"), FitKey("a[b]%"));
  EXPECT_THAT(FitKey("की"), MatchesRegex("क__[0-9a-f]{8}"));
  EXPECT_THAT(FitKey("\xFF"), MatchesRegex("__[0-9a-f]{8}"));
  EXPECT_THAT(FitKey("/a//../b/./"), MatchesRegex("a/__/b/__[0-9a-f]{8}"));
  EXPECT_EQ(FitKey(""), "_");
  const std::string one = FitKey(std::string(300, 'a') + "1");
  const std::string two = FitKey(std::string(300, 'a') + "2");
  EXPECT_EQ(one.size(), 250U);
  EXPECT_NE(one, two);
}

TEST(MlflowBatchTest, TruncatesValuesBetweenCharacters) {
  EXPECT_EQ(FitValue("short", 10), "short");
  EXPECT_EQ(FitValue("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 9), "\xc3\xa4 [cut]");
  EXPECT_THAT(FitValue(std::string(7000, 'x'), kMaxParamValueBytes), EndsWith("x [cut]"));
}

}  // namespace
}  // namespace assay::server
