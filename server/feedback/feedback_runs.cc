// Feedback as runs of a tracking server.
#include "server/feedback/feedback_runs.h"

#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "evaluator/stats/proportion.h"
#include "evaluator/stats/quantile.h"

namespace assay::server {
namespace {

constexpr char kUntyped[] = "untyped";

std::string DayText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone());
}

// Collects the metrics of one run. All have the time of the period's end.
class MetricList {
 public:
  explicit MetricList(absl::Time time) : time_(time) {}

  void Add(const std::string& name, const std::string& type, double value) {
    metrics_.push_back({.key = absl::StrCat(name, "/", type.empty() ? kUntyped : type),
                        .value = value,
                        .time = time_,
                        .step = 0});
  }
  std::vector<evaluator::TrackedMetric> Take() { return std::move(metrics_); }

 private:
  const absl::Time time_;
  std::vector<evaluator::TrackedMetric> metrics_;
};

void AddMetrics(const evaluator::FeedbackTotals& totals, MetricList* list) {
  const std::string& type = totals.content_type;
  const int64_t verdicts = totals.accepted + totals.edited + totals.rejected;
  const int64_t used = totals.accepted + totals.edited;
  list->Add("accepted", type, static_cast<double>(totals.accepted));
  list->Add("edited", type, static_cast<double>(totals.edited));
  list->Add("rejected", type, static_cast<double>(totals.rejected));
  if (verdicts > 0) {
    const evaluator::ProportionInterval interval =
        evaluator::WilsonInterval(static_cast<double>(used), verdicts, evaluator::kConfidence);
    list->Add("acceptance_rate", type, static_cast<double>(used) / static_cast<double>(verdicts));
    list->Add("acceptance_rate_low", type, interval.low);
    list->Add("acceptance_rate_high", type, interval.high);
  }
  if (totals.edit_distances > 0) {
    list->Add("edit_distance", type,
              totals.edit_distance_sum / static_cast<double>(totals.edit_distances));
  }
  list->Add("ratings", type, static_cast<double>(totals.ratings));
  if (totals.ratings > 0) {
    list->Add("rating", type, totals.rating_sum / static_cast<double>(totals.ratings));
  }
  list->Add("conversions", type, static_cast<double>(totals.conversions));
  list->Add("conversion_usd", type, totals.conversion_usd);
}

}  // namespace

absl::Time MidnightBefore(absl::Time now) {
  return absl::FromCivil(absl::ToCivilDay(now, absl::UTCTimeZone()), absl::UTCTimeZone());
}

std::vector<evaluator::TrackedRun> FeedbackRuns(
    const std::vector<evaluator::FeedbackTotals>& totals, const FeedbackPeriod& period,
    const std::string& unique) {
  std::map<std::string, MetricList> models;
  for (const evaluator::FeedbackTotals& one : totals) {
    const bool is_empty =
        one.accepted + one.edited + one.rejected + one.ratings + one.conversions == 0;
    if (is_empty) continue;
    AddMetrics(one, &models.try_emplace(one.model, period.until).first->second);
  }
  const bool has_start = period.from != absl::InfinitePast();
  std::vector<evaluator::TrackedRun> runs;
  for (auto& [model, metrics] : models) {
    evaluator::TrackedRun run;
    run.client_key = absl::StrCat("feedback/", unique, "/", model);
    run.model = model;
    run.run_name = absl::StrCat("feedback_", model);
    run.started_at = has_start ? period.from : period.until - absl::Hours(24);
    run.finished_at = period.until;
    run.succeeded = true;
    run.metrics = metrics.Take();
    run.params = {{"model", model},
                  {"from", has_start ? DayText(period.from) : "the beginning"},
                  {"until", DayText(period.until)}};
    run.tags = {{"assay.kind", "feedback"}};
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace assay::server
