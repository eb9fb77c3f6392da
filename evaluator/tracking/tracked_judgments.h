// Builds what judgments add to the tracked runs of an evaluation.
#ifndef ASSAY_EVALUATOR_TRACKING_TRACKED_JUDGMENTS_H_
#define ASSAY_EVALUATOR_TRACKING_TRACKED_JUDGMENTS_H_

#include <vector>

#include "absl/time/time.h"
#include "evaluator/raters/judgment_summary.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/tracking.h"

namespace assay::evaluator {

// The value of TrackedRun::amendment, and the name of the file with the summary.
inline constexpr char kJudgments[] = "judgments";
inline constexpr char kJudgmentsJson[] = "judgments.json";

// Builds the amendments of an evaluation that ended before it was judged: of the evaluation's run,
// and of the run of each candidate that a judge compared. Returns none if there are no judgments.
// Pure function.
//
// A candidate's run has, per judge and for the jury:
// - judge/<judge>/win_rate, the mean over the other candidates, and _wins, _losses, _ties,
// - judge/<judge>/win_rate_against/<other>, with _ci_low, _ci_high and _p_adjusted.
// The evaluation's run has judge/<judge>/win_rate/<candidate>, the records of the judges
// (judgments, failures, position_bias, people_agreement, cost_usd), and judge_agreement_alpha. Its
// tags assay.judge.<judge> are the judges' versions. The reports are uploaded again.
//
// All metrics have the time `now`, so that the same amendment can be sent twice, and a later one
// adds a point to the metric's history.
std::vector<TrackedRun> BuildTrackedJudgments(const Evaluation& evaluation,
                                              const EvaluationPlan& plan,
                                              const JudgmentSummary& summary, absl::Time now);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_TRACKING_TRACKED_JUDGMENTS_H_
