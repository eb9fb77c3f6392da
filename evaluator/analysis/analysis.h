// The statistical analysis of an evaluation: differences between its candidates.
#ifndef ASSAY_EVALUATOR_ANALYSIS_ANALYSIS_H_
#define ASSAY_EVALUATOR_ANALYSIS_ANALYSIS_H_

#include <vector>

#include "evaluator/records/analysis_result.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// The leak test needs this many successful samples of a model.
inline constexpr int kMinTrendSamples = 60;

// Growth below this limit cannot be distinguished from allocator noise.
inline constexpr double kLeakBytesPerSample = 16.0 * 1024;

// Compares every candidate with the baseline, ranks the candidates, runs the leak test and phrases
// the decisions. `samples` must be in measurement order. If the baseline is not one of the plan's
// models, there are rankings but no comparisons. Every number in the result is finite.
// Deterministic and thread-safe. A comparison of 200 prompts takes about 5 ms on one core; every
// two candidates are compared in quality.
Analysis Analyze(const EvaluationPlan& plan, const std::vector<Sample>& samples,
                 const std::vector<TaskAnswer>& answers);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_ANALYSIS_H_
