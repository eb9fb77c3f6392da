// Sends the feedback of finished days to the tracking server.
#ifndef ASSAY_SERVER_FEEDBACK_FEEDBACK_REPORTER_H_
#define ASSAY_SERVER_FEEDBACK_FEEDBACK_REPORTER_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/periodic_task.h"
#include "evaluator/store/feedback_store.h"

namespace assay::server {

// Queues the feedback of all days (UTC) before `now` that were not reported yet in the outbox, as
// one run per model, and records them as reported in the same transaction. A tracking server that
// is down therefore loses nothing. Returns true if runs were queued. Values that change after their
// day was reported are not sent again.
absl::StatusOr<bool> ReportFinishedDays(evaluator::FeedbackStore* store, absl::Time now);

// Calls ReportFinishedDays() at its start and every hour, on a thread of its own. Thread-safe.
class FeedbackReporter {
 public:
  struct Options {
    absl::Duration interval = absl::Hours(1);
    // Called on the reporter's thread after runs were queued, and after an error. May be null.
    std::function<void()> on_queued;
    std::function<void(const absl::Status&)> on_error;
  };

  // `store` must outlive this object.
  FeedbackReporter(evaluator::FeedbackStore* store, Options options);

 private:
  void Report();

  evaluator::FeedbackStore* const store_;
  const Options options_;
  PeriodicTask task_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_FEEDBACK_FEEDBACK_REPORTER_H_
