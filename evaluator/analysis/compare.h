// Two evaluations side by side.
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
  // Empty = the evaluation's only one.
  std::string model;
};

struct CompareOptions {
  double alpha = 0.05;
  Correction correction = Correction::kHolm;
};

struct ComparedRuns {
  Analysis analysis;
  // What else was not the same in both, and may be what made the difference: "max_new_tokens: 200
  // and 300".
  std::vector<std::string> differences;
};

// The analysis of the two as if they were one evaluation. Prompts pair where id, content type,
// text, system message, reference and constraints are the same in both; the others are told in
// Comparison::unpaired. Costs of both sides are computed with the baseline's economic inputs.
// NOT_FOUND; INVALID_ARGUMENT where a model is needed or unknown, with the names there are, and
// where both sides are the same; FAILED_PRECONDITION where nothing pairs, an evaluation still runs,
// or the scorers (or their versions) differ.
absl::StatusOr<ComparedRuns> CompareRuns(RunStore* store, const ComparedSide& baseline,
                                         const ComparedSide& candidate,
                                         const CompareOptions& options);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_COMPARE_H_
