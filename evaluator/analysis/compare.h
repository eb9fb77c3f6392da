// The comparison of models from two evaluations.
#ifndef ASSAY_EVALUATOR_ANALYSIS_COMPARE_H_
#define ASSAY_EVALUATOR_ANALYSIS_COMPARE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/records/analysis_result.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/store/run_store.h"

namespace assay::evaluator {

// One model's part in an evaluation.
struct ComparedSide {
  std::string evaluation_id;
  // Empty = the evaluation's only model.
  std::string model;
};

struct CompareOptions {
  double alpha = 0.05;
  Correction correction = Correction::kHolm;
  FailurePolicy failures = FailurePolicy::kZero;
};

struct ComparedRuns {
  Analysis analysis;
  // Other differences between the two runs, which may explain the result:
  // "max_new_tokens: 200 and 300".
  std::vector<std::string> differences;
};

// Analyzes the two sides as if they were one evaluation. Prompts are paired if id, content type,
// text, system message, reference and constraints are equal; the others are listed in
// Comparison::unpaired. Costs of both sides are computed with the baseline's economic inputs. Reads
// both evaluations from the store; blocks. Errors:
// - NOT_FOUND: an evaluation does not exist.
// - INVALID_ARGUMENT: alpha is out of range; a model is missing or unknown (the message lists the
//   models); both sides are the same.
// - FAILED_PRECONDITION: no prompt and no task is shared; an evaluation is still running; the
//   scorers or their versions differ.
absl::StatusOr<ComparedRuns> CompareRuns(RunStore* store, const ComparedSide& baseline,
                                         const ComparedSide& candidate,
                                         const CompareOptions& options);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_COMPARE_H_
