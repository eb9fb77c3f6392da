#include "server/feedback/feedback_runs.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "evaluator/store/run_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/feedback/feedback_reporter.h"
#include "tests/temp_folder.h"

namespace assay::server {
namespace {

using ::testing::SizeIs;

absl::Time At(int day, int hour) {
  return absl::FromCivil(absl::CivilHour(2026, 3, day, hour), absl::UTCTimeZone());
}

TEST(FeedbackRunsTest, AModelHasOneRunWithMetricsPerContentType) {
  const std::vector<evaluator::FeedbackTotals> totals = {
      {.model = "a",
       .content_type = "email",
       .accepted = 2,
       .edited = 1,
       .rejected = 1,
       .edit_distances = 1,
       .edit_distance_sum = 0.25,
       .ratings = 2,
       .rating_sum = 13},
      {.model = "a", .content_type = "", .conversions = 1, .conversion_usd = 5},
      {.model = "b", .content_type = "email", .answers = 7}};
  const auto runs = FeedbackRuns(totals, {.from = At(1, 0), .until = At(2, 0)}, "u1");
  ASSERT_THAT(runs, SizeIs(1));
  const evaluator::TrackedRun& run = runs.front();
  EXPECT_EQ(run.client_key, "feedback/u1/a");
  EXPECT_EQ(run.run_name, "feedback_a");
  EXPECT_EQ(run.evaluation_id, "");
  EXPECT_EQ(run.started_at, At(1, 0));
  EXPECT_EQ(run.finished_at, At(2, 0));
  std::map<std::string, double> metrics;
  for (const auto& metric : run.metrics) metrics[metric.key] = metric.value;
  EXPECT_EQ(metrics.at("accepted/email"), 2);
  EXPECT_EQ(metrics.at("acceptance_rate/email"), 0.75);
  // scipy.stats.binomtest(3, 4).proportion_ci(method="wilson")
  EXPECT_NEAR(metrics.at("acceptance_rate_low/email"), 0.30064184, 1e-6);
  EXPECT_NEAR(metrics.at("acceptance_rate_high/email"), 0.95441271, 1e-6);
  EXPECT_EQ(metrics.at("edit_distance/email"), 0.25);
  EXPECT_EQ(metrics.at("rating/email"), 6.5);
  EXPECT_EQ(metrics.at("conversion_usd/untyped"), 5);
}

TEST(FeedbackReporterTest, FinishedDaysAreQueuedOnce) {
  TempFolder folder;
  auto runs = evaluator::RunStore::Open(folder / "runs.db").value();
  auto store =
      evaluator::FeedbackStore::Open(folder / "runs.db", {.keep_answers = absl::Hours(24 * 3650),
                                                          .keep_feedback = absl::Hours(24 * 3650)})
          .value();
  const auto give = [&](const std::string& id, absl::Time time) {
    const std::vector<evaluator::ServedAnswer> answers = {
        {.request_id = id, .model = "a", .content_type = "email", .answered_at = time}};
    ASSERT_TRUE(store->AddAnswers(answers).ok());
    ASSERT_TRUE(store->Give(id, {.verdict = evaluator::FeedbackVerdict::kAccepted}, time).ok());
  };
  const auto accepted = [](const evaluator::OutboxEntry& entry) {
    for (const auto& metric : entry.run.metrics) {
      if (metric.key == "accepted/email") return metric.value;
    }
    return 0.0;
  };
  give("r-1", At(3, 10));
  give("r-2", At(3, 11));
  give("r-3", At(4, 1));
  EXPECT_TRUE(ReportFinishedDays(store.get(), At(4, 2)).value());
  EXPECT_FALSE(ReportFinishedDays(store.get(), At(4, 23)).value());
  EXPECT_TRUE(ReportFinishedDays(store.get(), At(7, 2)).value());
  EXPECT_FALSE(ReportFinishedDays(store.get(), At(9, 2)).value());
  const auto all = runs->PendingOutbox(absl::Now() + absl::Hours(1), 10).value();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(accepted(all[0]), 2);
  EXPECT_EQ(accepted(all[1]), 1);
  EXPECT_EQ(all[1].run.started_at, At(4, 0));
  EXPECT_EQ(all[1].run.finished_at, At(7, 0));
}

}  // namespace
}  // namespace assay::server
