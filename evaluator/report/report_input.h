// What reports and exports are made of.
#ifndef ASSAY_EVALUATOR_REPORT_REPORT_INPUT_H_
#define ASSAY_EVALUATOR_REPORT_REPORT_INPUT_H_

#include <string>
#include <vector>

#include "evaluator/economics/figure.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// One figure of the economics, with all that it takes to compute it again.
struct ReportFigure {
  // Empty = of the evaluation as a whole.
  std::string candidate;
  Figure figure;
};

// One evaluation, whole; outlives the call it is given to. Any part may be empty: a running or
// failed evaluation makes a report that says so.
struct ReportInput {
  const Evaluation& evaluation;
  const EvaluationPlan& plan;
  // In the order they were taken.
  const std::vector<Sample>& samples;
  const std::vector<TaskAnswer>& answers;
  std::vector<ReportFigure> economics;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_REPORT_INPUT_H_
