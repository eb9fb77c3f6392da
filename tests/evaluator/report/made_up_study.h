// Synthetic evaluations for tests of reports.
#ifndef ASSAY_TESTS_EVALUATOR_REPORT_MADE_UP_STUDY_H_
#define ASSAY_TESTS_EVALUATOR_REPORT_MADE_UP_STUDY_H_

#include <string>
#include <vector>

#include "evaluator/report/report_input.h"

namespace assay::evaluator {

struct Study {
  EvaluationPlan plan;
  Evaluation evaluation;
  std::vector<Sample> samples;
  std::vector<TaskAnswer> answers;
  std::vector<ReportFigure> economics;

  ReportInput Input() const { return {evaluation, plan, samples, answers, economics}; }
};

struct StudySize {
  int candidates = 6;
  int prompts_per_type = 5;
  int repeats = 3;
  // The last candidate fails in every sample.
  bool last_fails = true;
};

// Returns a complete evaluation with 6 content types, two tasks, and an analysis whose figures fit
// the samples. By default it has 6 candidates, of which one fails, 5 prompts per type and 3
// repeats. Deterministic.
Study MadeUpStudy(const StudySize& size);

// Returns an evaluation with one candidate and one sample.
Study SmallestStudy();

// Returns an evaluation in which every text and name is an injection attack on the report.
Study HostileStudy();

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_REPORT_MADE_UP_STUDY_H_
