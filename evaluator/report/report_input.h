// The input of reports and exports.
#ifndef ASSAY_EVALUATOR_REPORT_REPORT_INPUT_H_
#define ASSAY_EVALUATOR_REPORT_REPORT_INPUT_H_

#include <string>
#include <vector>

#include "evaluator/economics/figure.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/judgment.h"
#include "evaluator/records/rating.h"

namespace assay::evaluator {

// One figure of the economics, with everything needed to recompute it.
struct ReportFigure {
  // Empty = the whole evaluation.
  std::string candidate;
  Figure figure;
};

// One complete evaluation. The references must be valid for the duration of the call. Any part may
// be empty: the report of a running or failed evaluation says so.
struct ReportInput {
  const Evaluation& evaluation;
  const EvaluationPlan& plan;
  // In measurement order.
  const std::vector<Sample>& samples;
  const std::vector<TaskAnswer>& answers;
  std::vector<ReportFigure> economics;
  // People's ratings of the samples.
  std::vector<Rating> ratings;
  // What judges prefer.
  std::vector<Judgment> judgments;
  // The lowest score of a text that is good enough, of 10.
  double acceptable_score = EconomicsInputs().acceptance_threshold;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_REPORT_INPUT_H_
