// Counts how often a gate with tests was checked.
#ifndef ASSAY_EVALUATOR_ANALYSIS_GATE_ATTEMPTS_H_
#define ASSAY_EVALUATOR_ANALYSIS_GATE_ATTEMPTS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "evaluator/analysis/gate.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/store/run_store.h"

namespace assay::evaluator {

// Returns what makes two checks attempts at the same gate: a SHA-256 of the gate's tests, of the
// candidates (models, system messages and samplings without their seeds) and of the prompts. A
// repeated evaluation with other seeds, another name or another order is another attempt at the
// same gate.
std::string GateSubject(const EvaluationPlan& plan, const Gate& gate);

// Records that the gate was checked on an evaluation and sets `result->attempt`: 1 for the first
// evaluation, 2 for the next. A repeated check of one evaluation is the same attempt. Does nothing
// for a gate without tests. Each attempt passes wrongly with the probability
// GateResult::wrong_pass; the confidence of the gate is not changed by earlier attempts. Returns
// errors of the store.
absl::Status CountAttempt(RunStore* store, const Gate& gate, const EvaluationPlan& plan,
                          std::string_view evaluation_id, GateResult* result);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_GATE_ATTEMPTS_H_
