// What a tracking server is told of an evaluation and of each model's part in it.
#ifndef ASSAY_EVALUATOR_TRACKING_TRACKED_RUN_H_
#define ASSAY_EVALUATOR_TRACKING_TRACKED_RUN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "evaluator/analysis/summary.h"
#include "evaluator/records/economics_inputs.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/known_answer_task.h"
#include "evaluator/records/tracking.h"

namespace assay::evaluator {

// The evaluation around the run; only read.
struct RunContext {
  const Evaluation& evaluation;
  const EvaluationPlan& plan;
  const EconomicsInputs& economics;
  const std::vector<Sample>& samples;
  const std::vector<TaskAnswer>& answers;
  std::string scorer;
  std::string scorer_version;
  uint64_t order_seed;
};

// Names in TrackedRun::artifacts.
inline constexpr char kReportHtml[] = "report.html";
inline constexpr char kReportMarkdown[] = "report.md";
inline constexpr char kResultsJson[] = "results.json";
// Of all models, or of the run's.
inline constexpr char kSamplesJsonl[] = "samples.jsonl";
inline constexpr char kPlanJson[] = "plan.json";

// The evaluation as a whole, parent of the models' runs. Metrics: "<name>/<model>" of the six and
// others, "rank/<model>[/<content type>]", "comparison/<model>/<metric>[/<content type>]/..."
// against the baseline, "scaling/..." with the level and "system/..." with the number of the sample
// as step.
TrackedRun BuildTrackedEvaluation(const RunContext& context);

// "business_test_<model>". Metrics: inference_latency_ms, memory_usage_gb (mean of the samples'
// peaks, 1e9 bytes), tokens_per_second, content_quality_score, cost_per_request, roi_per_piece;
// their spread ("<name>_p90"), the other timings, memory, energy, success, savings, what each
// scorer said ("score/<scorer>/<part>"), tasks ("accuracy/<task>"); "<name>/<content type>"; one
// value a sample under "sample/<name>" and "system/<name>" with the model's sample number as step.
// Means are over successful samples and are left out where there is none. Never NaN or infinite.
TrackedRun BuildTrackedRun(const RunContext& context, const PreparedModel& model);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_TRACKING_TRACKED_RUN_H_
