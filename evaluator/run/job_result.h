// The result of a job: the final state of its evaluation, and the runs for the tracking server.
#ifndef ASSAY_EVALUATOR_RUN_JOB_RESULT_H_
#define ASSAY_EVALUATOR_RUN_JOB_RESULT_H_

#include <vector>

#include "absl/status/status.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/tracking.h"
#include "evaluator/tracking/tracked_run.h"

namespace assay::evaluator {

// The reasons why a job ended.
struct JobEnd {
  // An error that ended the job; OK if there was none.
  absl::Status status;
  // True if the job was cancelled before everything was measured.
  bool cancelled = false;
};

// Summarizes and analyzes the samples and answers of `context`, and sets the summaries, the
// analysis, the state and the error of `evaluation`, which is usually context.evaluation. The state
// is
// - kFailed with the message of end.status if that is an error, otherwise
// - kCancelled if the job was cancelled, otherwise
// - kSucceeded if a sample or an answer succeeded, otherwise
// - kFailed with the first error.
// Takes up to seconds.
void SetResult(const RunContext& context, const std::vector<PreparedModel>& models,
               const JobEnd& end, Evaluation* evaluation);

// Builds the runs of the finished evaluation: that of the evaluation as a whole, then one for each
// model with a sample or an answer.
std::vector<TrackedRun> BuildTrackedRuns(const RunContext& context,
                                         const std::vector<PreparedModel>& models);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_JOB_RESULT_H_
