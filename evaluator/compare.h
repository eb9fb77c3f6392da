// Two evaluations side by side.
#ifndef ASSAY_EVALUATOR_COMPARE_H_
#define ASSAY_EVALUATOR_COMPARE_H_

#include <string>

#include "absl/status/statusor.h"
#include "evaluator/analysis.h"
#include "evaluator/evaluation.h"
#include "evaluator/run_store.h"

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

// The analysis of the two as if they were one evaluation. Prompts pair where id, content type, text
// and system message are the same in both; the others are told in Comparison::unpaired. NOT_FOUND;
// INVALID_ARGUMENT where a model is needed or unknown, with the names there are, and where both
// sides are the same; FAILED_PRECONDITION where nothing pairs, an evaluation still runs, or the
// scorers (or their versions) differ.
absl::StatusOr<Analysis> CompareRuns(RunStore* store, const ComparedSide& baseline,
                                     const ComparedSide& candidate, const CompareOptions& options);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_COMPARE_H_
