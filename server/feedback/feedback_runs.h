// Feedback as runs of a tracking server.
#ifndef ASSAY_SERVER_FEEDBACK_FEEDBACK_RUNS_H_
#define ASSAY_SERVER_FEEDBACK_FEEDBACK_RUNS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "evaluator/records/feedback.h"
#include "evaluator/records/tracking.h"

namespace assay::server {

// The time that the feedback of runs covers. Both ends are midnights in UTC; `from` may be the
// infinite past.
struct FeedbackPeriod {
  absl::Time from;
  absl::Time until;
};

// Returns one run per model with feedback, "feedback_<model>". Its metrics have the content type as
// a suffix ("acceptance_rate/linkedin"). `unique` becomes part of the keys of the runs and must not
// have been used before.
std::vector<evaluator::TrackedRun> FeedbackRuns(
    const std::vector<evaluator::FeedbackTotals>& totals, const FeedbackPeriod& period,
    const std::string& unique);

// Returns the last midnight in UTC at or before `now`.
absl::Time MidnightBefore(absl::Time now);

}  // namespace assay::server

#endif  // ASSAY_SERVER_FEEDBACK_FEEDBACK_RUNS_H_
