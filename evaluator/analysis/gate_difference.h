// Checks the clauses of gates on differences.
#ifndef ASSAY_EVALUATOR_ANALYSIS_GATE_DIFFERENCE_H_
#define ASSAY_EVALUATOR_ANALYSIS_GATE_DIFFERENCE_H_

#include <string>
#include <vector>

#include "evaluator/analysis/gate.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// Tests differences between the candidates of one evaluation, or of two that were merged. Refers to
// the records that it is made with. Thread-safe.
class DifferenceChecker {
 public:
  DifferenceChecker(const EvaluationPlan& plan, const std::vector<Sample>& samples,
                    const std::vector<TaskAnswer>& answers)
      : plan_(plan), samples_(samples), answers_(answers) {}

  // Checks `clause` for the difference candidate - minus, both of which are in the plan. Sets
  // everything but the text.
  void Check(const Gate::Clause& clause, const std::string& candidate, const std::string& minus,
             GateClauseResult* result) const;

 private:
  const EvaluationPlan& plan_;
  const std::vector<Sample>& samples_;
  const std::vector<TaskAnswer>& answers_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_GATE_DIFFERENCE_H_
