// Builds the runs that a tracking server receives: one for an evaluation, and one for each model in
// it.
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

// The finished evaluation that a run belongs to. The references must outlive the RunContext.
struct RunContext {
  const Evaluation& evaluation;
  const EvaluationPlan& plan;
  const EconomicsInputs& economics;
  const std::vector<Sample>& samples;
  const std::vector<TaskAnswer>& answers;
  // The scorer of the quality score.
  std::string scorer;
  std::string scorer_version;
  uint64_t order_seed;
};

// The file names in TrackedRun::artifacts.
inline constexpr char kReportHtml[] = "report.html";
inline constexpr char kReportMarkdown[] = "report.md";
inline constexpr char kResultsJson[] = "results.json";
// Holds the samples of all models, or in a model's run those of the model.
inline constexpr char kSamplesJsonl[] = "samples.jsonl";
inline constexpr char kPlanJson[] = "plan.json";

// The keys and the names of the runs of an evaluation and of its candidates.
std::string EvaluationKey(const Evaluation& evaluation);
std::string CandidateKey(const Evaluation& evaluation, const std::string& candidate);
std::string EvaluationRunName(const Evaluation& evaluation);
std::string CandidateRunName(const std::string& candidate);

// Builds the run of the evaluation as a whole, the parent of the models' runs. Its metrics are:
// - evaluation_cost_usd, evaluation_compute_s and evaluation_energy_joules of the whole evaluation,
// - "<name>/<model>" for the six main metrics and others,
// - "rank/<model>[/<content type>]",
// - "comparison/<model>/<metric>[/<content type>]/...", relative to the baseline,
// - "scaling/..." with the level as step,
// - "system/..." with the index of the sample as step.
TrackedRun BuildTrackedEvaluation(const RunContext& context);

// Builds the run of one model, "business_test_<model>". Its metrics are:
// - the six main ones: inference_latency_ms, memory_usage_gb (the mean of the samples' peaks, in
//   units of 1e9 bytes), tokens_per_second, content_quality_score, cost_per_request, roi_per_piece,
// - their spread ("<name>_p90"),
// - the other timings, memory, energy, success, savings, the scores of each scorer
//   ("score/<scorer>/<part>") and tasks ("accuracy/<task>"),
// - "<name>/<content type>",
// - one value per sample as "sample/<name>" and "system/<name>", with the index among the model's
//   samples as step.
// Means are over successful samples and are absent if there are none. No value is NaN or infinite.
TrackedRun BuildTrackedRun(const RunContext& context, const PreparedModel& model);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_TRACKING_TRACKED_RUN_H_
