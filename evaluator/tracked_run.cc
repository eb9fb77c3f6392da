// One model's part in an evaluation, as metrics, parameters and tags.
#include "evaluator/tracked_run.h"

#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "evaluator/plan.h"
#include "evaluator/statistics.h"

namespace assay::evaluator {
namespace {

constexpr double kBytesPerGigabyte = 1e9;

class MetricList {
 public:
  MetricList(std::vector<TrackedMetric>* metrics, absl::Time time)
      : metrics_(metrics), time_(time) {}

  void Add(std::string key, double value) { AddAt(std::move(key), value, time_, 0); }

  void AddAt(std::string key, double value, absl::Time time, int64_t step) {
    if (!std::isfinite(value)) return;
    metrics_->push_back({.key = std::move(key), .value = value, .time = time, .step = step});
  }

  // The mean under the name itself.
  void AddEstimate(const std::string& name, const Estimate& estimate) {
    if (estimate.n == 0) return;
    Add(name, estimate.mean);
    Add(absl::StrCat(name, "_sd"), estimate.standard_deviation);
    Add(absl::StrCat(name, "_ci_low"), estimate.ci_low);
    Add(absl::StrCat(name, "_ci_high"), estimate.ci_high);
    Add(absl::StrCat(name, "_p50"), estimate.p50);
    Add(absl::StrCat(name, "_p90"), estimate.p90);
  }

 private:
  std::vector<TrackedMetric>* metrics_;
  absl::Time time_;
};

using Samples = std::vector<const MeasuredSample*>;

Estimate EstimateSuccesses(const Samples& samples, double (*value_of)(const Sample&)) {
  std::vector<double> values;
  for (const MeasuredSample* measured : samples) {
    if (measured->sample.error.empty()) values.push_back(value_of(measured->sample));
  }
  return EstimateOf(std::move(values));
}

double PeakGigabytes(const Sample& sample) {
  return static_cast<double>(sample.memory.peak_bytes) / kBytesPerGigabyte;
}

void AddReliability(const Summary& summary, MetricList& metrics) {
  metrics.Add("samples", summary.samples);
  metrics.Add("failures", summary.failures);
  metrics.Add("success_rate", summary.success_rate);
}

void AddTimings(const Summary& summary, const Samples& samples, MetricList& metrics) {
  metrics.AddEstimate("inference_latency_ms", summary.latency_ms);
  metrics.AddEstimate("first_token_ms", summary.first_token_ms);
  metrics.AddEstimate("tokens_per_second", summary.tokens_per_second);
  metrics.AddEstimate("queue_ms", EstimateSuccesses(samples, [](const Sample& s) {
                        return s.generation.queue_ms;
                      }));
  metrics.AddEstimate("prefill_ms", EstimateSuccesses(samples, [](const Sample& s) {
                        return s.generation.prefill_ms;
                      }));
  metrics.AddEstimate("per_token_ms", EstimateSuccesses(samples, [](const Sample& s) {
                        return s.generation.per_token_ms;
                      }));
  metrics.AddEstimate("prompt_tokens", EstimateSuccesses(samples, [](const Sample& s) {
                        return static_cast<double>(s.generation.prompt_tokens);
                      }));
  metrics.AddEstimate("completion_tokens", EstimateSuccesses(samples, [](const Sample& s) {
                        return static_cast<double>(s.generation.completion_tokens);
                      }));
}

void AddMemory(const PreparedModel& model, const Summary& summary, const Samples& samples,
               MetricList& metrics) {
  if (model.load.ok()) {
    metrics.Add("load_time_s", model.load->load_seconds);
    metrics.Add("resident_memory_gb",
                static_cast<double>(model.load->resident_bytes) / kBytesPerGigabyte);
  }
  const Estimate peak = EstimateSuccesses(samples, PeakGigabytes);
  metrics.AddEstimate("memory_usage_gb", peak);
  if (peak.n == 0) return;
  const auto gigabytes = [](int64_t bytes) {
    return static_cast<double>(bytes) / kBytesPerGigabyte;
  };
  metrics.Add("memory_before_gb", gigabytes(summary.memory.before_bytes));
  metrics.Add("memory_after_gb", gigabytes(summary.memory.after_bytes));
  metrics.Add("memory_peak_gb", gigabytes(summary.memory.peak_bytes));
  metrics.Add("memory_growth_gb",
              gigabytes(summary.memory.after_bytes - summary.memory.before_bytes));
}

void AddEconomics(const EconomicsInputs& inputs, const Summary& summary, MetricList& metrics) {
  metrics.AddEstimate("cost_per_request", summary.cost_usd);
  if (summary.cost_usd.n == 0) return;
  const Economics economics = ComputeEconomics(inputs, summary.cost_usd.mean);
  metrics.Add("roi_per_piece", economics.roi_per_piece);
  metrics.Add("savings_per_request", economics.savings_usd_per_request);
  metrics.Add("savings_ratio", economics.savings_ratio);
  metrics.Add("savings_per_day", economics.savings_usd_per_day);
  metrics.Add("savings_per_year", economics.savings_usd_per_year);
}

void AddContentTypes(const RunContext& context, const PreparedModel& model, MetricList& metrics) {
  std::set<std::string> types;
  for (const EvaluationPrompt& prompt : context.plan.prompts) types.insert(prompt.content_type);
  for (const std::string& type : types) {
    const Samples samples = SamplesOf(context.samples, model.name, type);
    if (samples.empty()) continue;
    const Summary summary = Summarize(model, type, samples, context.economics);
    metrics.Add(absl::StrCat("success_rate/", type), summary.success_rate);
    if (summary.quality_score.n == 0) continue;
    metrics.Add(absl::StrCat("content_quality_score/", type), summary.quality_score.mean);
    metrics.Add(absl::StrCat("inference_latency_ms/", type), summary.latency_ms.mean);
    metrics.Add(absl::StrCat("first_token_ms/", type), summary.first_token_ms.mean);
    metrics.Add(absl::StrCat("tokens_per_second/", type), summary.tokens_per_second.mean);
    metrics.Add(absl::StrCat("cost_per_request/", type), summary.cost_usd.mean);
    metrics.Add(absl::StrCat("roi_per_piece/", type), summary.roi_per_piece);
  }
}

void AddSamples(const EconomicsInputs& inputs, const Samples& samples, MetricList& metrics) {
  for (size_t i = 0; i < samples.size(); ++i) {
    const Sample& sample = samples[i]->sample;
    if (!sample.error.empty()) continue;
    const auto add = [&](const char* name, double value) {
      metrics.AddAt(absl::StrCat("sample/", name), value, samples[i]->finished_at,
                    static_cast<int64_t>(i));
    };
    add("inference_latency_ms", sample.generation.total_ms);
    add("memory_usage_gb", PeakGigabytes(sample));
    add("tokens_per_second", sample.generation.tokens_per_second);
    if (sample.quality_score) add("content_quality_score", *sample.quality_score);
    add("cost_per_request", sample.cost_usd);
    add("roi_per_piece", ComputeEconomics(inputs, sample.cost_usd).roi_per_piece);
  }
}

std::vector<std::pair<std::string, std::string>> Params(const RunContext& context,
                                                        const PreparedModel& model) {
  const EvaluationPlan& plan = context.plan;
  const EconomicsInputs& economics = context.economics;
  std::set<std::string> types;
  for (const EvaluationPrompt& prompt : plan.prompts) types.insert(prompt.content_type);
  std::map<std::string, std::string> params = {
      {"model", model.name},
      {"temperature", absl::StrCat(plan.sampling.temperature)},
      {"top_p", absl::StrCat(plan.sampling.top_p)},
      {"top_k", absl::StrCat(plan.sampling.top_k)},
      {"seed", absl::StrCat(plan.sampling.seed)},
      {"max_new_tokens", absl::StrCat(plan.max_new_tokens)},
      {"timeout_s", absl::StrCat(absl::ToDoubleSeconds(plan.timeout))},
      {"repeats", absl::StrCat(plan.repeats)},
      {"prompts", absl::StrCat(plan.prompts.size())},
      {"content_types", absl::StrJoin(types, ",")},
      {"prompt_set_version", PromptSetVersion(plan)},
      {"prompt_set_sha256", PromptSetFingerprint(plan)},
      {"order_seed", absl::StrCat(context.order_seed)},
      {"scorer", context.scorer},
      {"scorer_version", context.scorer_version},
      {"power_watts", absl::StrCat(economics.power_watts)},
      {"electricity_usd_per_kwh", absl::StrCat(economics.electricity_usd_per_kwh)},
      {"api_usd_per_request", absl::StrCat(economics.api_usd_per_request)},
      {"value_usd_per_piece", absl::StrCat(economics.value_usd_per_piece)},
      {"requests_per_day", absl::StrCat(economics.requests_per_day)}};
  // Ours win over a loader's parameter of the same name.
  if (model.load.ok()) params.insert(model.load->parameters.begin(), model.load->parameters.end());
  return {params.begin(), params.end()};
}

std::string_view StateName(EvaluationState state) {
  switch (state) {
    case EvaluationState::kRunning:
      return "running";
    case EvaluationState::kSucceeded:
      return "succeeded";
    case EvaluationState::kFailed:
      return "failed";
    case EvaluationState::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

// The first error is the one that explains the others.
std::string FirstError(const PreparedModel& model, const Samples& samples) {
  if (!model.load.ok()) return std::string(model.load.status().message());
  for (const MeasuredSample* measured : samples) {
    if (!measured->sample.error.empty()) return measured->sample.error;
  }
  return "";
}

}  // namespace

TrackedRun BuildTrackedRun(const RunContext& context, const PreparedModel& model) {
  const Evaluation& evaluation = context.evaluation;
  const Samples samples = SamplesOf(context.samples, model.name, "");
  const Summary summary = Summarize(model, "", samples, context.economics);

  TrackedRun run;
  run.client_key = absl::StrCat(evaluation.id, "/", model.name);
  run.evaluation_id = evaluation.id;
  run.model = model.name;
  run.run_name = absl::StrCat("business_test_", model.name);
  run.started_at = evaluation.started_at;
  run.finished_at = evaluation.finished_at;
  run.succeeded =
      evaluation.state == EvaluationState::kSucceeded && summary.failures < summary.samples;

  MetricList metrics(&run.metrics, evaluation.finished_at);
  AddReliability(summary, metrics);
  AddTimings(summary, samples, metrics);
  metrics.AddEstimate("content_quality_score", summary.quality_score);
  AddMemory(model, summary, samples, metrics);
  AddEconomics(context.economics, summary, metrics);
  AddContentTypes(context, model, metrics);
  AddSamples(context.economics, samples, metrics);

  run.params = Params(context, model);
  run.tags = {{"assay.evaluation_id", evaluation.id},
              {"assay.state", std::string(StateName(evaluation.state))},
              {"mlflow.source.name", "assay"}};
  if (!evaluation.name.empty()) run.tags.emplace_back("mlflow.note.content", evaluation.name);
  if (std::string error = FirstError(model, samples); !error.empty()) {
    run.tags.emplace_back("assay.first_error", std::move(error));
  }
  return run;
}

}  // namespace assay::evaluator
