// The differences of two candidates on single prompts.
#ifndef ASSAY_EVALUATOR_ANALYSIS_PROMPT_DIFFERENCES_H_
#define ASSAY_EVALUATOR_ANALYSIS_PROMPT_DIFFERENCES_H_

#include <string>
#include <vector>

#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// The mean quality scores of one prompt's repeats.
struct PromptDifference {
  std::string prompt_id;
  std::string content_type;
  std::string candidate;
  double baseline_score = 0;
  double candidate_score = 0;
  // candidate_score - baseline_score. Negative: the candidate is worse on this prompt.
  double difference = 0;
};

// Returns a row per prompt and candidate other than `baseline` for which both have a score, the
// worst regression first; rows of equal difference are in the plan's order. Failed generations
// count by the plan's FailurePolicy. A single prompt is no evidence: the rows show where to look.
std::vector<PromptDifference> PromptDifferences(const EvaluationPlan& plan,
                                                const std::string& baseline,
                                                const std::vector<Sample>& samples);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_PROMPT_DIFFERENCES_H_
