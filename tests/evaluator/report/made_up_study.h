// A whole evaluation, made up: 6 candidates (one of them fails), 6 content types, 5 prompts, 3
// repeats, two tasks, with an analysis whose figures fit the samples.
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

// Deterministic.
Study MadeUpStudy(const StudySize& size);

// One candidate, one sample.
Study SmallestStudy();

// A study whose every text and name is an attack on the document it goes into.
Study HostileStudy();

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_REPORT_MADE_UP_STUDY_H_
