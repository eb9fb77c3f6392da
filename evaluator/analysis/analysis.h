// What the samples of an evaluation say about the difference between its candidates.
#ifndef ASSAY_EVALUATOR_ANALYSIS_ANALYSIS_H_
#define ASSAY_EVALUATOR_ANALYSIS_ANALYSIS_H_

#include <vector>

#include "evaluator/records/analysis_result.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

inline constexpr int kFewestTrendSamples = 60;

// Below this growth, the allocator's noise and a leak cannot be told apart.
inline constexpr double kLeakBytesPerSample = 16.0 * 1024;

// `samples` in the order they were taken. Deterministic; thread-safe. Every number in the result is
// finite. About 10 ms a comparison of 200 prompts on one core (10,000 resamples). A baseline that
// is not among the plan's models: no comparisons, only rankings.
Analysis Analyze(const EvaluationPlan& plan, const std::vector<Sample>& samples,
                 const std::vector<TaskAnswer>& answers);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_ANALYSIS_H_
