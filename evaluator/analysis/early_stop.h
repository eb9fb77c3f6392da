// Early stopping: the looks at an evaluation, and the decision to end it.
#ifndef ASSAY_EVALUATOR_ANALYSIS_EARLY_STOP_H_
#define ASSAY_EVALUATOR_ANALYSIS_EARLY_STOP_H_

#include <optional>
#include <string>
#include <vector>

#include "evaluator/analysis/family.h"
#include "evaluator/records/analysis_result.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// Below this probability that the planned end shows a difference, the difference is futile.
inline constexpr double kFutilePower = 0.1;

// EarlyStop::reason.
inline constexpr char kDecided[] = "decided";
inline constexpr char kFutility[] = "futility";

// The looks at an evaluation so far. They follow from its plan and its samples, so that a resumed
// evaluation has those that it had before.
struct Looks {
  int planned = 0;
  // The looks whose prompts, and those of all looks before, are complete.
  int reached = 0;
  // The prompts of the looks that were reached.
  int prompts = 0;
  // True if there are samples of later prompts: the evaluation went on after the last look. An
  // evaluation that was cancelled there is tested as if it had been planned to look there.
  bool is_between = false;
  // These count independent units: clusters of prompts.
  LookFractions fractions;
  // The fractions of the looks still to come, over all content types.
  std::vector<double> remaining;
};

// Returns looks without fractions if the plan has no early stopping.
Looks LooksOf(const EvaluationPlan& plan, const std::vector<Sample>& samples);

// Returns why the evaluation ends at the look that was reached: kDecided if the quality of every
// two candidates is shown to differ over all content types; kFutility, if the plan has it, if the
// others all have a conditional power below kFutilePower. Empty: it does not end, or this is the
// last look. Tests the quality of every two candidates, as Analyze() does: takes some milliseconds
// per pair and content type.
std::string StopReason(const EvaluationPlan& plan, const std::vector<Sample>& samples);

// Returns the record of the looks. Absent if the plan has no early stopping.
std::optional<EarlyStop> EarlyStopOf(const EvaluationPlan& plan,
                                     const std::vector<Sample>& samples);

// Returns a sentence: "stopped at look 2 of 5 after 24 of 60 prompts, because ...".
std::string EarlyStopText(const EarlyStop& stop);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_EARLY_STOP_H_
