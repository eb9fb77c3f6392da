// The computation, energy and cost of an evaluation as a whole.
#ifndef ASSAY_EVALUATOR_ECONOMICS_EVALUATION_COST_H_
#define ASSAY_EVALUATOR_ECONOMICS_EVALUATION_COST_H_

#include <string>
#include <vector>

#include "evaluator/records/economics_inputs.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// Sums over the successful samples and task answers. The cost of a sample is its recorded cost; an
// answer costs RequestCost() of its busy seconds. Failed generations, warm-ups, loads, judges and
// scaling measurements have no recorded time and do not count. Linear in the records.
EvaluationCost CostOfEvaluation(const EconomicsInputs& inputs, const std::vector<Sample>& samples,
                                const std::vector<TaskAnswer>& answers);

// Returns "this evaluation cost $0.0123 and took 12 minutes of computation", or an empty string if
// nothing was computed.
std::string CostSentence(const EvaluationCost& cost);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_EVALUATION_COST_H_
