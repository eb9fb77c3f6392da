// Converts the evaluator's records to messages, and a message's report format to the evaluator's.
#include "server/wire/evaluation_proto.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "evaluator/economics/evaluation_cost.h"
#include "evaluator/records/too_few.h"
#include "server/wire/analysis_proto.h"
#include "server/wire/proto_time.h"

namespace assay::server {
namespace {

void ToProto(const evaluator::MemoryUse& memory, assay::v1::MemoryUse* out) {
  out->set_before_bytes(memory.before_bytes);
  out->set_after_bytes(memory.after_bytes);
  out->set_peak_bytes(memory.peak_bytes);
  out->set_device_bytes(memory.device_bytes);
  out->set_kv_cache_bytes(memory.kv_cache_bytes);
}

void ToProto(const evaluator::Estimate& estimate, assay::v1::Estimate* out) {
  out->set_n(estimate.n);
  out->set_samples(estimate.samples);
  out->set_mean(estimate.mean);
  out->set_standard_deviation(estimate.standard_deviation);
  if (estimate.ci_low) out->set_ci_low(*estimate.ci_low);
  if (estimate.ci_high) out->set_ci_high(*estimate.ci_high);
  out->set_p50(estimate.p50);
  out->set_p90(estimate.p90);
}

void ToProto(const evaluator::Summary& summary, assay::v1::Summary* out) {
  out->set_model(summary.model);
  out->set_content_type(summary.content_type);
  out->set_samples(summary.samples);
  out->set_failures(summary.failures);
  out->set_success_rate(summary.success_rate);
  ToProto(summary.quality_score, out->mutable_quality_score());
  out->mutable_quality_score()->set_too_few(evaluator::TooFewPrompts(summary.quality_score));
  ToProto(summary.latency_ms, out->mutable_latency_ms());
  ToProto(summary.first_token_ms, out->mutable_first_token_ms());
  ToProto(summary.tokens_per_second, out->mutable_tokens_per_second());
  ToProto(summary.queue_ms, out->mutable_queue_ms());
  ToProto(summary.prefill_ms, out->mutable_prefill_ms());
  ToProto(summary.inter_token_p50_ms, out->mutable_inter_token_p50_ms());
  ToProto(summary.inter_token_p90_ms, out->mutable_inter_token_p90_ms());
  ToProto(summary.inter_token_p99_ms, out->mutable_inter_token_p99_ms());
  ToProto(summary.energy_joules, out->mutable_energy_joules());
  ToProto(summary.cost_usd, out->mutable_cost_usd());
  out->set_roi_per_piece(summary.roi_per_piece);
  ToProto(summary.memory, out->mutable_memory());
  out->set_load_seconds(summary.load_seconds);
  out->set_revision(summary.revision);
  out->set_resident_bytes(summary.resident_bytes);
  out->set_scorer(summary.scorer);
  out->set_scorer_version(summary.scorer_version);
}

void ToProto(const evaluator::SampleScore& score, assay::v1::SampleScore* out) {
  out->set_scorer(score.scorer);
  out->set_version(score.version);
  if (score.overall.has_value()) out->set_overall(*score.overall);
  for (const auto& [name, value] : score.parts) (*out->mutable_parts())[name] = value;
  out->set_error(score.error);
}

}  // namespace

assay::v1::EvaluationState StateToProto(evaluator::EvaluationState state) {
  switch (state) {
    case evaluator::EvaluationState::kRunning:
      return assay::v1::EVALUATION_STATE_RUNNING;
    case evaluator::EvaluationState::kSucceeded:
      return assay::v1::EVALUATION_STATE_SUCCEEDED;
    case evaluator::EvaluationState::kFailed:
      return assay::v1::EVALUATION_STATE_FAILED;
    case evaluator::EvaluationState::kCancelled:
      return assay::v1::EVALUATION_STATE_CANCELLED;
  }
  return assay::v1::EVALUATION_STATE_UNSPECIFIED;
}

void ToProto(const evaluator::Sample& sample, assay::v1::SampleResult* out) {
  out->set_model(sample.model);
  out->set_content_type(sample.content_type);
  out->set_prompt_id(sample.prompt_id);
  out->set_repeat(sample.repeat);
  out->set_seed(sample.seed);
  out->set_error(sample.error);
  out->set_revision(sample.revision);
  *out->mutable_finished_at() = ToTimestamp(sample.finished_at);
  ToProto(sample.memory, out->mutable_memory());
  if (!sample.error.empty()) return;
  const evaluator::Generation& generation = sample.generation;
  out->set_text(generation.text);
  out->set_finish_reason(generation.finish_reason);
  out->mutable_usage()->set_prompt_tokens(generation.prompt_tokens);
  out->mutable_usage()->set_cached_tokens(generation.cached_tokens);
  out->mutable_usage()->set_completion_tokens(generation.completion_tokens);
  assay::v1::Timings* timings = out->mutable_timings();
  timings->set_queue_ms(generation.queue_ms);
  timings->set_prefill_ms(generation.prefill_ms);
  timings->set_first_token_ms(generation.first_token_ms);
  timings->set_per_token_ms(generation.per_token_ms);
  timings->set_total_ms(generation.total_ms);
  timings->set_tokens_per_second(generation.tokens_per_second);
  if (sample.quality_score.has_value()) out->set_quality_score(*sample.quality_score);
  out->set_scorer(sample.scorer);
  out->set_scorer_version(sample.scorer_version);
  for (const evaluator::SampleScore& score : sample.scores) ToProto(score, out->add_scores());
  out->mutable_energy()->set_joules(sample.energy.joules);
  out->mutable_energy()->set_source(sample.energy.source);
  timings->set_inter_token_p50_ms(generation.inter_token_p50_ms);
  timings->set_inter_token_p90_ms(generation.inter_token_p90_ms);
  timings->set_inter_token_p99_ms(generation.inter_token_p99_ms);
  out->set_cost_usd(sample.cost_usd);
}

void ToProto(const evaluator::Evaluation& evaluation, assay::v1::Evaluation* out) {
  out->set_id(evaluation.id);
  out->set_name(evaluation.name);
  out->set_state(StateToProto(evaluation.state));
  out->set_error(evaluation.error);
  *out->mutable_started_at() = ToTimestamp(evaluation.started_at);
  if (evaluation.state != evaluator::EvaluationState::kRunning) {
    *out->mutable_finished_at() = ToTimestamp(evaluation.finished_at);
  }
  for (const evaluator::Summary& summary : evaluation.summaries) {
    ToProto(summary, out->add_summaries());
  }
  for (const evaluator::RunLink& run : evaluation.runs) {
    assay::v1::MlflowRun* mlflow_run = out->add_mlflow_runs();
    mlflow_run->set_model(run.model);
    mlflow_run->set_run_id(run.run_id);
    mlflow_run->set_url(run.url);
  }
  out->set_finished_samples(evaluation.finished_samples);
  out->set_total_samples(evaluation.total_samples);
  ToProto(evaluation.analysis, out->mutable_analysis());
  const evaluator::EvaluationCost& cost = evaluation.analysis.cost;
  if (cost.compute_seconds > 0) {
    out->mutable_cost()->set_compute_seconds(cost.compute_seconds);
    out->mutable_cost()->set_joules(cost.joules);
    out->mutable_cost()->set_usd(cost.usd);
    out->mutable_cost()->set_energy_source(cost.energy_source);
    out->mutable_cost()->set_sentence(evaluator::CostSentence(cost));
  }
  for (const evaluator::ScalingPoint& point : evaluation.scaling) {
    ToProto(point, out->add_scaling());
  }
  out->set_plan_sha256(evaluation.plan_sha256);
  out->set_resumes(evaluation.resumes);
  out->set_order_seed(evaluation.order_seed);
  out->mutable_scorer_versions()->insert(evaluation.scorer_versions.begin(),
                                         evaluation.scorer_versions.end());
}

void ToProto(const evaluator::Progress& progress, assay::v1::EvaluationProgress* out) {
  out->set_finished_samples(progress.finished_samples);
  out->set_total_samples(progress.total_samples);
  out->set_activity(progress.activity);
  out->set_remaining_seconds(progress.remaining_seconds);
}

absl::StatusOr<evaluator::ReportFormat> FromProto(assay::v1::ReportFormat format) {
  switch (format) {
    case assay::v1::REPORT_FORMAT_UNSPECIFIED:
    case assay::v1::REPORT_FORMAT_MARKDOWN:
      return evaluator::ReportFormat::kMarkdown;
    case assay::v1::REPORT_FORMAT_HTML:
      return evaluator::ReportFormat::kHtml;
    case assay::v1::REPORT_FORMAT_JSON:
      return evaluator::ReportFormat::kJson;
    case assay::v1::REPORT_FORMAT_JSONL:
      return evaluator::ReportFormat::kJsonl;
    case assay::v1::REPORT_FORMAT_CSV:
      return evaluator::ReportFormat::kCsv;
    case assay::v1::REPORT_FORMAT_LM_EVAL:
      return evaluator::ReportFormat::kLmEval;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("format: ", static_cast<int>(format), " is not a value of ReportFormat"));
  }
}

}  // namespace assay::server
