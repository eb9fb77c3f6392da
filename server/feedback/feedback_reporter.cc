// Sends the feedback of finished days to the tracking server.
#include "server/feedback/feedback_reporter.h"

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "server/feedback/feedback_runs.h"
#include "server/tracing/trace_context.h"

namespace assay::server {
namespace {

constexpr int kKeyDigits = 16;

}  // namespace

absl::StatusOr<bool> ReportFinishedDays(evaluator::FeedbackStore* store, absl::Time now) {
  ASSIGN_OR_RETURN(const absl::Time from, store->ReportedUntil());
  const FeedbackPeriod period{.from = from, .until = MidnightBefore(now)};
  if (period.from >= period.until) return false;
  ASSIGN_OR_RETURN(const std::vector<evaluator::FeedbackTotals> totals,
                   store->Totals({}, period.from, period.until));
  const std::vector<evaluator::TrackedRun> runs =
      FeedbackRuns(totals, period, RandomHex(kKeyDigits));
  RETURN_IF_ERROR(store->QueueRuns(runs, period.until));
  return !runs.empty();
}

FeedbackReporter::FeedbackReporter(evaluator::FeedbackStore* store, Options options)
    : store_(store),
      options_(std::move(options)),
      task_(options_.interval, PeriodicTask::First::kAtOnce, [this] { Report(); }) {}

void FeedbackReporter::Report() {
  const absl::StatusOr<bool> queued = ReportFinishedDays(store_, absl::Now());
  if (!queued.ok() && options_.on_error != nullptr) options_.on_error(queued.status());
  if (queued.ok() && *queued && options_.on_queued != nullptr) options_.on_queued();
}

}  // namespace assay::server
