// Tests what Metrics exports, through the text of a scrape.
#include "server/telemetry/metrics.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/temp_folder.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kThreads = 4;
constexpr int kRequestsPerThread = 5000;
const BuildInfo kBuild{"1.2.3", "2.13.0", "cpu"};

// Returns the value of the first series of `name` that has all `labels`, or "absent".
std::string Value(const std::string& text, const std::string& name,
                  const std::vector<std::string>& labels) {
  size_t start = 0;
  while (start < text.size()) {
    const size_t end = text.find('\n', start);
    const std::string line = text.substr(start, end - start);
    start = end + 1;
    bool match = line.rfind(name + "{", 0) == 0 || line.rfind(name + " ", 0) == 0;
    for (const std::string& label : labels) match = match && line.find(label) != std::string::npos;
    if (match) return line.substr(line.rfind(' ') + 1);
  }
  return "absent";
}

// Equal bounds would suggest certainty.
TEST(MetricsTest, ScoreWithoutIntervalHasNaNBounds) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {"twitter"});
  metrics.SetEvaluationScore("a", "twitter", 7, std::nullopt, std::nullopt);
  EXPECT_THAT(metrics.Text(),
              testing::ContainsRegex("assay_evaluation_score_l[a-z_]*\\{[^}]*\\} Nan"));
}

TEST(MetricsTest, DeclaredSeriesStartAtZero) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {"twitter"});
  const std::string text = metrics.Text();
  EXPECT_EQ(
      Value(text, "assay_requests_total",
            {R"(model="a")", R"(content_type="twitter")", R"(route="fixed")", R"(status="ok")"}),
      "0");
  EXPECT_EQ(Value(text, "assay_requests_total", {R"(model="a")", R"(status="data_loss")"}), "0");
  EXPECT_EQ(Value(text, "assay_evaluation_samples_total",
                  {R"(model="a")", R"(content_type="twitter")", R"(outcome="failed")"}),
            "0");
  EXPECT_EQ(Value(text, "assay_evaluations_total", {R"(state="cancelled")"}), "0");
  EXPECT_EQ(Value(text, "assay_mlflow_uploads_total", {R"(result="transient_error")"}), "0");
  EXPECT_EQ(Value(text, "assay_model_state", {R"(model="a")", R"(state="ready")"}), "0");
  EXPECT_EQ(Value(text, "assay_evaluation_score", {}), "absent");
  EXPECT_EQ(Value(text, "assay_build_info",
                  {R"(version="1.2.3")", R"(torch_version="2.13.0")", R"(device="cpu")"}),
            "1");
}

TEST(MetricsTest, SuccessfulRequestUpdatesAllMetrics) {
  Metrics metrics(kBuild);
  metrics.Declare({"a", "b"}, {"twitter"});
  metrics.RecordRequest({.model = "a",
                         .content_type = "twitter",
                         .route = "requested",
                         .duration_seconds = 0.5,
                         .queue_seconds = 0.01,
                         .prefill_seconds = 0.1,
                         .first_token_seconds = 0.12,
                         .per_token_seconds = 0.03,
                         .prompt_tokens = 11,
                         .generated_tokens = 14,
                         .cost_dollars = 0.25});
  const std::string text = metrics.Text();
  const std::vector<std::string> a = {R"(model="a")"};
  EXPECT_EQ(Value(text, "assay_requests_total",
                  {R"(model="a")", R"(content_type="twitter")", R"(route="requested")"}),
            "1");
  EXPECT_EQ(Value(text, "assay_request_duration_seconds_sum", a), "0.5");
  EXPECT_EQ(Value(text, "assay_request_duration_seconds_bucket", {R"(model="a")", R"(le="0.32")"}),
            "0");
  EXPECT_EQ(Value(text, "assay_request_duration_seconds_bucket", {R"(model="a")", R"(le="0.64")"}),
            "1");
  EXPECT_EQ(Value(text, "assay_request_queue_seconds_sum", a), "0.01");
  EXPECT_EQ(Value(text, "assay_request_prefill_seconds_sum", a), "0.1");
  EXPECT_EQ(Value(text, "assay_time_to_first_token_seconds_sum", a), "0.12");
  EXPECT_EQ(Value(text, "assay_time_per_output_token_seconds_sum", a), "0.03");
  EXPECT_EQ(Value(text, "assay_prompt_tokens_total", a), "11");
  EXPECT_EQ(Value(text, "assay_generation_tokens_total", a), "14");
  EXPECT_EQ(Value(text, "assay_request_cost_dollars_total", a), "0.25");
  EXPECT_EQ(Value(text, "assay_request_duration_seconds_count", {R"(model="b")"}), "0");
}

TEST(MetricsTest, FailedRequestCountsItsStatusButNoTokens) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {});
  metrics.RecordRequest({.model = "a",
                         .route = "requested",
                         .status = absl::StatusCode::kResourceExhausted,
                         .duration_seconds = 1,
                         .prompt_tokens = 5});
  const std::string text = metrics.Text();
  EXPECT_EQ(Value(text, "assay_requests_total", {R"(model="a")", R"(status="resource_exhausted")"}),
            "1");
  EXPECT_EQ(Value(text, "assay_request_duration_seconds_count", {R"(model="a")"}), "1");
  EXPECT_EQ(Value(text, "assay_request_queue_seconds_count", {R"(model="a")"}), "0");
  EXPECT_EQ(Value(text, "assay_prompt_tokens_total", {R"(model="a")"}), "0");
}

TEST(MetricsTest, FeedbackIsCountedByModelAndContentType) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {"email"});
  EXPECT_EQ(Value(metrics.Text(), "assay_feedback_verdicts_total",
                  {"model=\"a\"", "content_type=\"email\"", "verdict=\"edited\""}),
            "0");
  metrics.RecordFeedback({.model = "a",
                          .content_type = "email",
                          .verdict = "edited",
                          .rating = 7.5,
                          .conversion_dollars = 12});
  metrics.RecordFeedback({.model = "a", .content_type = "email", .rating = 2});
  metrics.RecordFeedback({.model = "unknown", .content_type = "poem", .verdict = "accepted"});
  metrics.SetForgottenAnswers(3);
  metrics.SetRecordedPrompts(5, 2);
  const std::string text = metrics.Text();
  const std::vector<std::string> email = {"model=\"a\"", "content_type=\"email\""};
  EXPECT_EQ(Value(text, "assay_feedback_verdicts_total",
                  {"model=\"a\"", "content_type=\"email\"", "verdict=\"edited\""}),
            "1");
  EXPECT_EQ(Value(text, "assay_feedback_ratings_total", email), "2");
  EXPECT_EQ(Value(text, "assay_feedback_rating_points_total", email), "9.5");
  EXPECT_EQ(Value(text, "assay_feedback_conversions_total", email), "1");
  EXPECT_EQ(Value(text, "assay_feedback_conversion_dollars_total", email), "12");
  EXPECT_EQ(Value(text, "assay_feedback_verdicts_total",
                  {"model=\"other\"", "content_type=\"other\"", "verdict=\"accepted\""}),
            "1");
  EXPECT_EQ(Value(text, "assay_feedback_answers_forgotten_total", {}), "3");
  EXPECT_EQ(Value(text, "assay_prompts_recorded_total", {}), "5");
  EXPECT_EQ(Value(text, "assay_prompts_dropped_total", {}), "2");
}

TEST(MetricsTest, UndeclaredNamesNeverBecomeLabels) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {"twitter"});
  metrics.RecordRequest(
      {.model = "evil-model", .content_type = "evil-type", .route = "evil-route"});
  metrics.RecordModelLoad("evil-model", false, 1);
  metrics.SetEvaluationScore("evil-model", "evil-type", 7, 6, 8);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, Not(HasSubstr("evil")));
  EXPECT_EQ(
      Value(text, "assay_requests_total",
            {R"(model="other")", R"(content_type="other")", R"(route="other")", R"(status="ok")"}),
      "1");
  EXPECT_EQ(Value(text, "assay_model_loads_total", {R"(model="other")", R"(result="failed")"}),
            "1");
}

TEST(MetricsTest, ExactlyOneModelStateIsSet) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {});
  metrics.SetModelState("a", "loading");
  metrics.SetModelState("a", "ready");
  const std::string text = metrics.Text();
  EXPECT_EQ(Value(text, "assay_model_state", {R"(model="a")", R"(state="loading")"}), "0");
  EXPECT_EQ(Value(text, "assay_model_state", {R"(model="a")", R"(state="ready")"}), "1");
}

TEST(MetricsTest, ExportsBreakerStateAndCountsTransitions) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {});
  EXPECT_EQ(Value(metrics.Text(), "assay_breaker_state", {R"(model="a")"}), "0");
  metrics.SetBreaker("a", "open");
  metrics.RecordBreakerTransition("a", "open");
  EXPECT_EQ(Value(metrics.Text(), "assay_breaker_state", {R"(model="a")"}), "2");
  metrics.SetBreaker("a", "half_open");
  EXPECT_EQ(Value(metrics.Text(), "assay_breaker_state", {R"(model="a")"}), "1");
  metrics.SetBreaker("a", "ajar");
  metrics.RecordBreakerTransition("a", "ajar");
  EXPECT_EQ(Value(metrics.Text(), "assay_breaker_state", {R"(model="a")"}), "1");
  const std::string text = metrics.Text();
  EXPECT_EQ(Value(text, "assay_breaker_transitions_total", {R"(model="a")", R"(to="open")"}), "1");
  EXPECT_EQ(Value(text, "assay_breaker_transitions_total", {R"(model="a")", R"(to="closed")"}),
            "0");
}

TEST(MetricsTest, EveryScrapeRefreshesGauges) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {});
  int scrapes = 0;
  metrics.SetRefresh([&scrapes](Metrics* m) {
    ++scrapes;
    m->SetProcessPeak(2000 + scrapes);
    m->SetModelUse("a", {.running = 1,
                         .waiting = scrapes,
                         .expected_wait = absl::Milliseconds(1500),
                         .cached_tokens = 64,
                         .cache_capacity_tokens = 256,
                         .weight_bytes = 7,
                         .kv_cache_bytes = 8,
                         .working_bytes = 9});
    m->SetMlflowOutbox(scrapes, 1.5);
    m->SetDeviceMemory("cpu", 5);
    m->SetMemoryBudget(24, 100);
    m->SetMachineEnergy("rapl", 10.0 * scrapes);
    m->SetSpans(6 * scrapes, 1, 2);
    m->SetEvaluationsRunning(3);
  });
  metrics.Text();
  const std::string text = metrics.Text();
  EXPECT_EQ(Value(text, "assay_process_resident_memory_peak_bytes", {}), "2002");
  EXPECT_EQ(Value(text, "assay_requests_waiting", {R"(model="a")"}), "2");
  EXPECT_EQ(Value(text, "assay_request_expected_wait_seconds", {R"(model="a")"}), "1.5");
  EXPECT_EQ(Value(text, "assay_kv_cache_usage_ratio", {R"(model="a")"}), "0.25");
  EXPECT_EQ(Value(text, "assay_kv_cache_capacity_tokens", {R"(model="a")"}), "256");
  EXPECT_EQ(Value(text, "assay_model_memory_bytes",
                  {R"(model="a")", R"(device="cpu")", R"(kind="kv_cache")"}),
            "8");
  EXPECT_EQ(Value(text, "assay_mlflow_outbox_entries", {}), "2");
  EXPECT_EQ(Value(text, "assay_mlflow_outbox_age_seconds", {}), "1.5");
  EXPECT_EQ(Value(text, "assay_memory_budget_bytes", {}), "100");
  EXPECT_EQ(Value(text, "assay_machine_energy_joules_total", {R"(source="rapl")"}), "20");
  EXPECT_EQ(Value(text, "assay_trace_spans_total", {R"(result="exported")"}), "12");
  EXPECT_EQ(Value(text, "assay_trace_spans_total", {R"(result="failed")"}), "2");
  EXPECT_EQ(Value(text, "assay_evaluations_running", {}), "3");
  EXPECT_EQ(Value(text, "assay_device_memory_bytes", {R"(device="cpu")"}), "5");
}

TEST(MetricsTest, ObservesEveryInterTokenLatency) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {});
  const std::vector<absl::Duration> gaps = {absl::ZeroDuration(), absl::Milliseconds(1),
                                            absl::Milliseconds(3), absl::Milliseconds(3),
                                            absl::Seconds(9)};
  metrics.RecordRequest({.model = "a", .token_gaps = gaps, .generated_tokens = 6});
  const std::string text = metrics.Text();
  const auto bucket = [&](const std::string& edge) {
    return Value(text, "assay_inter_token_latency_seconds_bucket",
                 {R"(model="a")", "le=\"" + edge + "\""});
  };
  // A value equal to a bucket's bound is in that bucket.
  EXPECT_EQ(bucket("0.001"), "2");
  EXPECT_EQ(bucket("0.0025"), "2");
  EXPECT_EQ(bucket("0.005"), "4");
  EXPECT_EQ(bucket("2.5"), "4");
  EXPECT_EQ(bucket("+Inf"), "5");
  EXPECT_EQ(Value(text, "assay_inter_token_latency_seconds_sum", {R"(model="a")"}), "9.007");
}

TEST(MetricsTest, CountsCachedTokensDraftTokensAndPreemptions) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {});
  metrics.RecordRequest({.model = "a",
                         .prompt_tokens = 100,
                         .cached_tokens = 64,
                         .generated_tokens = 9,
                         .drafted_tokens = 8,
                         .accepted_tokens = 5,
                         .preemptions = 2,
                         .hosted_dollars = 0.5,
                         .energy_joules = 1.5});
  const std::string text = metrics.Text();
  const std::vector<std::string> a = {R"(model="a")"};
  EXPECT_EQ(Value(text, "assay_prefix_cache_queried_tokens_total", a), "100");
  EXPECT_EQ(Value(text, "assay_prefix_cache_hit_tokens_total", a), "64");
  EXPECT_EQ(Value(text, "assay_draft_tokens_total", a), "8");
  EXPECT_EQ(Value(text, "assay_draft_accepted_tokens_total", a), "5");
  EXPECT_EQ(Value(text, "assay_request_preemptions_total", a), "2");
  EXPECT_EQ(Value(text, "assay_request_energy_joules_total", a), "1.5");
  EXPECT_EQ(Value(text, "assay_request_hosted_cost_dollars_total", a), "0.5");
  EXPECT_EQ(Value(text, "assay_request_prompt_tokens_sum", a), "100");
  EXPECT_EQ(Value(text, "assay_request_generation_tokens_bucket", {R"(model="a")", R"(le="16")"}),
            "1");
}

TEST(MetricsTest, UndeclaredMethodsAreCountedAsOther) {
  Metrics metrics(kBuild);
  metrics.DeclareMethods({"assay.v1.ModelService/ListModels"});
  metrics.RecordCall("assay.v1.ModelService/ListModels", absl::StatusCode::kInternal);
  metrics.RecordCall("evil.Service/Method", absl::StatusCode::kOk);
  const std::string text = metrics.Text();
  EXPECT_EQ(Value(text, "assay_rpcs_total", {"ListModels", R"(status="internal")"}), "1");
  EXPECT_EQ(Value(text, "assay_rpcs_total", {"ListModels", R"(status="ok")"}), "0");
  EXPECT_EQ(Value(text, "assay_rpcs_total", {R"(method="other")", R"(status="ok")"}), "1");
  EXPECT_THAT(text, Not(HasSubstr("evil")));
}

TEST(MetricsTest, ChangeOfDeviceRemovesOldMemorySeries) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {});
  EXPECT_EQ(Value(metrics.Text(), "assay_model_memory_bytes", {R"(kind="weights")", "cpu"}), "0");
  metrics.SetModelUse("a", {.weight_bytes = 5, .device = "cuda:0"});
  metrics.Declare({"a", "b"}, {"blog"});
  std::string text = metrics.Text();
  EXPECT_EQ(Value(text, "assay_model_memory_bytes", {R"(model="a")", R"(kind="weights")"}), "5");
  EXPECT_EQ(Value(text, "assay_model_memory_bytes", {R"(model="a")", "cpu"}), "absent");
  metrics.SetModelUse("a", {.weight_bytes = 6, .device = "cpu"});
  text = metrics.Text();
  EXPECT_EQ(Value(text, "assay_model_memory_bytes", {R"(model="a")", "cuda"}), "absent");
}

TEST(MetricsTest, RemovedModelReportsNoUse) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {});
  metrics.SetModelState("a", "ready");
  metrics.SetModelUse("a", {.running = 3, .weight_bytes = 5});
  metrics.SetBreaker("a", "open");
  metrics.RecordRequest({.model = "a"});
  metrics.Declare({"b"}, {});
  const std::string text = metrics.Text();
  EXPECT_EQ(Value(text, "assay_requests_running", {R"(model="a")"}), "0");
  EXPECT_EQ(Value(text, "assay_model_memory_bytes", {R"(model="a")", "weights"}), "0");
  EXPECT_EQ(Value(text, "assay_model_state", {R"(model="a")", R"(state="ready")"}), "0");
  EXPECT_EQ(Value(text, "assay_breaker_state", {R"(model="a")"}), "0");
  EXPECT_EQ(Value(text, "assay_request_duration_seconds_count", {R"(model="a")"}), "1");
}

TEST(MetricsTest, RecordsDownloadsReloadsAndEvaluations) {
  Metrics metrics(kBuild);
  metrics.SetDownloadsRunning(2);
  metrics.RecordDownload(true, 1000, 3);
  metrics.RecordDownload(false, 10, 9);
  metrics.RecordCatalogReload(true, absl::FromUnixSeconds(1000));
  metrics.RecordCatalogReload(false, absl::FromUnixSeconds(2000));
  metrics.SetLastEvaluation(absl::FromUnixSeconds(500));
  metrics.RecordEvaluation("succeeded", 70, absl::FromUnixSeconds(700));
  metrics.RecordEvaluation("failed", 70, absl::FromUnixSeconds(900));
  const std::string text = metrics.Text();
  EXPECT_EQ(Value(text, "assay_downloads_running", {}), "2");
  EXPECT_EQ(Value(text, "assay_download_bytes_total", {}), "1010");
  EXPECT_EQ(Value(text, "assay_downloads_total", {"failed"}), "1");
  EXPECT_EQ(Value(text, "assay_download_duration_seconds_count", {}), "1");
  EXPECT_EQ(Value(text, "assay_catalog_reloads_total", {"failed"}), "1");
  EXPECT_EQ(Value(text, "assay_catalog_last_success_timestamp_seconds", {}), "1000");
  EXPECT_EQ(Value(text, "assay_evaluation_last_success_timestamp_seconds", {}), "700");
  EXPECT_EQ(Value(text, "assay_evaluation_duration_seconds_bucket", {R"(le="120")"}), "1");
}

TEST(MetricsTest, ScrapeIncludesProcessMetrics) {
  Metrics metrics(kBuild);
  const std::string text = metrics.Text();
  EXPECT_NE(Value(text, "process_cpu_seconds_total", {}), "absent");
  EXPECT_NE(Value(text, "process_max_fds", {}), "absent");
}

TEST(MetricsTest, ConcurrentIncrementsAreNotLost) {
  Metrics metrics(kBuild);
  metrics.Declare({"a"}, {});
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < kRequestsPerThread; ++i) {
        metrics.RecordRequest({.model = "a", .status = absl::StatusCode::kInternal});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Value(metrics.Text(), "assay_requests_total", {R"(model="a")", R"(status="internal")"}),
            "20000");
}

TEST(MetricsTest, PassesPromtoolCheck) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "promtool is not installed";
  }
  Metrics metrics(kBuild);
  metrics.Declare({"a", "b"}, {"twitter", "linkedin"});
  metrics.RecordRequest({.model = "a", .status = absl::StatusCode::kCancelled});
  metrics.SetEvaluationScore("a", "twitter", 7, 6.5, 7.5);
  metrics.SetDeviceMemory("cpu", 1);
  const TempFolder folder;
  const std::string path = folder.Write("metrics.txt", metrics.Text());
  std::FILE* promtool = popen(("promtool check metrics < " + path + " 2>&1").c_str(), "r");
  ASSERT_NE(promtool, nullptr);
  std::string output;
  char buffer[4096];
  while (std::fgets(buffer, sizeof(buffer), promtool) != nullptr) output += buffer;
  const int exit_status = pclose(promtool);
  EXPECT_EQ(exit_status, 0);
  EXPECT_EQ(output, "");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace assay::server
