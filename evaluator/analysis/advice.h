// The decision of an analysis in three lines.
#ifndef ASSAY_EVALUATOR_ANALYSIS_ADVICE_H_
#define ASSAY_EVALUATOR_ANALYSIS_ADVICE_H_

#include <string>

#include "evaluator/records/analysis_result.h"

namespace assay::evaluator {

// One sentence for each question of a reader who decides. They claim no more than the tests show.
struct Advice {
  // What to do.
  std::string action;
  // How sure that is.
  std::string certainty;
  // What would make it surer.
  std::string next;
};

// Derives the advice from the ranking over all content types (or the only one) and the comparisons
// with the baseline:
// - the candidate that is shown to be better than all others should be used;
// - if the baseline is not shown to differ from the best one, it should be kept;
// - if several candidates are not shown to differ, any of them may be used;
// - without a test there is no decision.
// All fields are empty if there is no ranking. Cheap.
Advice Advise(const Analysis& analysis);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_ADVICE_H_
