// What a tracking server is told of one model's part in an evaluation.
#ifndef ASSAY_EVALUATOR_TRACKED_RUN_H_
#define ASSAY_EVALUATOR_TRACKED_RUN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "evaluator/economics.h"
#include "evaluator/evaluation.h"
#include "evaluator/run_store.h"
#include "evaluator/summary.h"

namespace assay::evaluator {

// The evaluation around the run; only read.
struct RunContext {
  const Evaluation& evaluation;
  const EvaluationPlan& plan;
  const EconomicsInputs& economics;
  const std::vector<MeasuredSample>& samples;
  std::string scorer;
  std::string scorer_version;
  uint64_t order_seed;
};

// Metrics: inference_latency_ms, memory_usage_gb (mean of the samples' peaks, 1e9 bytes),
// tokens_per_second, content_quality_score, cost_per_request, roi_per_piece; their spread
// ("<name>_p90"), the other timings, memory, success, savings; "<name>/<content type>"; one value a
// sample under "sample/<name>" with the model's sample number as step. Means are over successful
// samples and are left out where there is none. Never NaN or infinite.
TrackedRun BuildTrackedRun(const RunContext& context, const PreparedModel& model);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_TRACKED_RUN_H_
