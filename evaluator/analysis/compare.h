// The comparison of models from two evaluations.
#ifndef ASSAY_EVALUATOR_ANALYSIS_COMPARE_H_
#define ASSAY_EVALUATOR_ANALYSIS_COMPARE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluator/analysis/gate.h"
#include "evaluator/analysis/prompt_differences.h"
#include "evaluator/records/analysis_result.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/store/run_store.h"

namespace assay::evaluator {

struct CompareOptions {
  double alpha = 0.05;
  Correction correction = Correction::kHolm;
  FailurePolicy failures = FailurePolicy::kZero;
  // A condition on the results (gate.h), in which "candidate" and "baseline" are the two sides.
  // Empty = none.
  std::string gate;
};

struct ComparedRuns {
  Analysis analysis;
  // Other differences between the two runs, which may explain the result:
  // "max_new_tokens: 200 and 300".
  std::vector<std::string> differences;
  std::optional<GateResult> gate;
  // The differences on single prompts, the worst regression first.
  std::vector<PromptDifference> prompts;
};

// Two sides as one evaluation of two candidates, the baseline first.
struct MergedRuns {
  // Has the prompts and tasks that both sides share. The candidates' names are the models' names,
  // with "@" and the evaluation's id if both sides have the same.
  EvaluationPlan plan;
  std::vector<Sample> samples;
  std::vector<TaskAnswer> answers;
  // The first side that did not succeed, or the baseline's evaluation.
  Evaluation evaluation;
  std::vector<std::string> differences;
  // The prompts that only one side has, each with the reason.
  std::vector<std::string> unshared;
};

// Reads both sides and merges them, with the costs of CompareRuns(). Has its errors, except that on
// alpha.
absl::StatusOr<MergedRuns> MergeRuns(RunStore* store, const ComparedSide& baseline,
                                     const ComparedSide& candidate, FailurePolicy failures);

// Analyzes the two sides as if they were one evaluation. Prompts are paired if id, content type,
// text, system message, reference and constraints are equal; the others are listed in
// Comparison::unpaired. Costs of both sides are computed with the baseline's economic inputs. Reads
// both evaluations from the store; blocks. Errors:
// - NOT_FOUND: an evaluation does not exist.
// - INVALID_ARGUMENT: alpha is out of range; a model is missing or unknown (the message lists the
//   models); both sides are the same; the gate is wrong.
// - FAILED_PRECONDITION: no prompt and no task is shared; an evaluation is still running; the
//   scorers or their versions differ.
absl::StatusOr<ComparedRuns> CompareRuns(RunStore* store, const ComparedSide& baseline,
                                         const ComparedSide& candidate,
                                         const CompareOptions& options);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_COMPARE_H_
