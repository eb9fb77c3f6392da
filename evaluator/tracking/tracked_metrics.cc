// The metrics of a tracked run.
#include "evaluator/tracking/tracked_metrics.h"

#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "evaluator/analysis/estimate.h"
#include "evaluator/analysis/pairing.h"
#include "evaluator/analysis/task_summary.h"
#include "evaluator/economics/economics.h"
#include "evaluator/economics/economics_report.h"
#include "evaluator/records/too_few.h"

namespace assay::evaluator {
namespace {

constexpr double kBytesPerGigabyte = 1e9;
constexpr double kBytesPerMegabyte = 1e6;

using Samples = std::vector<const Sample*>;

double PeakGigabytes(const Sample& sample) {
  return static_cast<double>(sample.memory.peak_bytes) / kBytesPerGigabyte;
}

void AddReliability(const Summary& summary, MetricList* metrics) {
  metrics->Add("samples", summary.samples);
  // The number of independent units behind the confidence intervals.
  metrics->Add("prompts", summary.latency_ms.n);
  metrics->Add("failures", summary.failures);
  metrics->Add("success_rate", summary.success_rate);
}

void AddTimings(const Summary& summary, const Samples& samples, const SampleClusters& clusters,
                MetricList* metrics) {
  const auto estimate = [&](double (*value_of)(const Sample&)) {
    return EstimateSuccesses(samples, clusters, value_of);
  };
  metrics->AddEstimate("inference_latency_ms", summary.latency_ms);
  metrics->AddEstimate("first_token_ms", summary.first_token_ms);
  metrics->AddEstimate("tokens_per_second", summary.tokens_per_second);
  metrics->AddEstimate("queue_ms", summary.queue_ms);
  metrics->AddEstimate("prefill_ms", summary.prefill_ms);
  metrics->AddEstimate("inter_token_p50_ms", summary.inter_token_p50_ms);
  metrics->AddEstimate("inter_token_p90_ms", summary.inter_token_p90_ms);
  metrics->AddEstimate("inter_token_p99_ms", summary.inter_token_p99_ms);
  metrics->AddEstimate("per_token_ms",
                       estimate([](const Sample& s) { return s.generation.per_token_ms; }));
  metrics->AddEstimate("prompt_tokens", estimate([](const Sample& s) {
                         return static_cast<double>(s.generation.prompt_tokens);
                       }));
  metrics->AddEstimate("completion_tokens", estimate([](const Sample& s) {
                         return static_cast<double>(s.generation.completion_tokens);
                       }));
}

void AddMemory(const PreparedModel& model, const Summary& summary, const Samples& samples,
               const SampleClusters& clusters, MetricList* metrics) {
  if (model.load.ok()) {
    metrics->Add("load_time_s", model.load->load_seconds);
    metrics->Add("resident_memory_gb",
                 static_cast<double>(model.load->resident_bytes) / kBytesPerGigabyte);
  }
  const Estimate peak = EstimateSuccesses(samples, clusters, PeakGigabytes);
  metrics->AddEstimate("memory_usage_gb", peak);
  if (peak.n == 0) return;
  if (summary.memory.device_bytes > 0) {
    metrics->AddEstimate("device_memory_gb",
                         EstimateSuccesses(samples, clusters, [](const Sample& s) {
                           return static_cast<double>(s.memory.device_bytes) / kBytesPerGigabyte;
                         }));
  }
  if (summary.memory.kv_cache_bytes > 0) {
    metrics->AddEstimate("kv_cache_mb", EstimateSuccesses(samples, clusters, [](const Sample& s) {
                           return static_cast<double>(s.memory.kv_cache_bytes) / kBytesPerMegabyte;
                         }));
  }
  const auto gigabytes = [](int64_t bytes) {
    return static_cast<double>(bytes) / kBytesPerGigabyte;
  };
  metrics->Add("memory_before_gb", gigabytes(summary.memory.before_bytes));
  metrics->Add("memory_after_gb", gigabytes(summary.memory.after_bytes));
  metrics->Add("memory_peak_gb", gigabytes(summary.memory.peak_bytes));
  metrics->Add("memory_growth_gb",
               gigabytes(summary.memory.after_bytes - summary.memory.before_bytes));
}

void AddEconomics(const EconomicsInputs& inputs, const Summary& summary, const Samples& samples,
                  MetricList* metrics) {
  metrics->AddEstimate("cost_per_request", summary.cost_usd);
  if (summary.cost_usd.n == 0) return;
  const CandidateUsage usage = SumUsage(inputs, samples);
  const double hosted_usd = HostedUsd(inputs, usage.prompt_tokens / usage.requests,
                                      usage.completion_tokens / usage.requests);
  const Economics economics = ComputeEconomics(inputs, summary.cost_usd.mean, hosted_usd);
  metrics->Add("roi_per_piece", economics.roi_per_piece);
  metrics->Add("savings_per_request", economics.savings_usd_per_request);
  metrics->Add("savings_ratio", economics.savings_ratio);
  metrics->Add("savings_per_day", economics.savings_usd_per_day);
  metrics->Add("savings_per_year", economics.savings_usd_per_year);
  for (const Figure& figure : EconomicsReport(inputs, usage)) {
    if (figure.value) metrics->Add(absl::StrCat("economics/", figure.name), *figure.value);
  }
}

void AddContentTypes(const RunContext& context, const PreparedModel& model,
                     const SampleClusters& clusters, MetricList* metrics) {
  std::set<std::string> types;
  for (const EvaluationPrompt& prompt : context.plan.prompts) types.insert(prompt.content_type);
  for (const std::string& type : types) {
    const Samples samples = SamplesOf(context.samples, model.name, type);
    if (samples.empty()) continue;
    const Summary summary =
        Summarize(model, type, samples, clusters, context.plan.failures, context.economics);
    metrics->Add(absl::StrCat("success_rate/", type), summary.success_rate);
    if (summary.quality_score.n == 0) continue;
    metrics->Add(absl::StrCat("content_quality_score/", type), summary.quality_score.mean);
    // Failed generations have a score, but nothing was measured.
    if (summary.latency_ms.n == 0) continue;
    metrics->Add(absl::StrCat("inference_latency_ms/", type), summary.latency_ms.mean);
    metrics->Add(absl::StrCat("first_token_ms/", type), summary.first_token_ms.mean);
    metrics->Add(absl::StrCat("tokens_per_second/", type), summary.tokens_per_second.mean);
    metrics->Add(absl::StrCat("cost_per_request/", type), summary.cost_usd.mean);
    metrics->Add(absl::StrCat("roi_per_piece/", type), summary.roi_per_piece);
  }
}

// The scores of one scorer, and the units that they belong to.
struct Scores {
  std::vector<double> values;
  std::vector<SampleUnit> units;
};

void AddScores(const Samples& samples, const SampleClusters& clusters, FailurePolicy failures,
               MetricList* metrics) {
  std::map<std::string, Scores> overall;
  const auto add = [&](const Sample& sample, double value, Scores* scores) {
    scores->values.push_back(value);
    scores->units.push_back(clusters.UnitOf(sample));
  };
  for (const Sample* sample : samples) {
    for (const SampleScore& score : sample->scores) {
      if (score.overall) add(*sample, *score.overall, &overall[score.scorer]);
    }
  }
  for (auto& [scorer, scores] : overall) {
    for (const Sample* sample : samples) {
      const bool zero = !sample->error.empty() && failures == FailurePolicy::kZero;
      if (zero) add(*sample, 0, &scores);
    }
    metrics->Add(absl::StrCat("score/", scorer), EstimateOf(scores.values, scores.units).mean);
  }
  for (const PartMean& part : PartMeans(samples)) {
    metrics->Add(absl::StrCat("score/", part.scorer, "/", part.name), part.mean);
  }
}

void AddTasks(const RunContext& context, const std::string& model, MetricList* metrics) {
  for (const TaskSummary& task : SummarizeTasks(context.plan.tasks, {model}, context.answers)) {
    metrics->Add(absl::StrCat("task_items/", task.task), task.n);
    metrics->Add(absl::StrCat("task_errors/", task.task), task.errors);
    if (task.n == 0) continue;
    if (task.kind == TaskKind::kMultipleChoice) {
      metrics->Add(absl::StrCat("accuracy/", task.task), task.accuracy);
      metrics->Add(absl::StrCat("accuracy_ci_low/", task.task), task.ci_low);
      metrics->Add(absl::StrCat("accuracy_ci_high/", task.task), task.ci_high);
      metrics->Add(absl::StrCat("accuracy_by_length/", task.task), task.accuracy_by_length);
      metrics->Add(absl::StrCat("accuracy_by_bytes/", task.task), task.accuracy_by_bytes);
    } else {
      metrics->Add(absl::StrCat("token_perplexity/", task.task), task.token_perplexity);
      metrics->Add(absl::StrCat("bits_per_byte/", task.task), task.bits_per_byte);
    }
  }
}

void AddSystem(const Sample& sample, int64_t step, MetricList* metrics) {
  for (const auto& [name, value] : sample.system) {
    metrics->AddAt(absl::StrCat("system/", name), value, sample.finished_at, step);
  }
}

void AddSample(const EconomicsInputs& economics, const Sample& sample, int64_t step,
               MetricList* metrics) {
  const auto add = [&](absl::string_view name, double value) {
    metrics->AddAt(absl::StrCat("sample/", name), value, sample.finished_at, step);
  };
  const Generation& generation = sample.generation;
  add("inference_latency_ms", generation.total_ms);
  add("queue_ms", generation.queue_ms);
  add("prefill_ms", generation.prefill_ms);
  add("first_token_ms", generation.first_token_ms);
  add("per_token_ms", generation.per_token_ms);
  add("inter_token_p50_ms", generation.inter_token_p50_ms);
  add("inter_token_p90_ms", generation.inter_token_p90_ms);
  add("inter_token_p99_ms", generation.inter_token_p99_ms);
  add("tokens_per_second", generation.tokens_per_second);
  add("prompt_tokens", generation.prompt_tokens);
  add("completion_tokens", generation.completion_tokens);
  add("memory_usage_gb", PeakGigabytes(sample));
  add("energy_joules", sample.energy.joules);
  add("cost_per_request", sample.cost_usd);
  const double hosted_usd =
      HostedUsd(economics, generation.prompt_tokens, generation.completion_tokens);
  add("roi_per_piece", ComputeEconomics(economics, sample.cost_usd, hosted_usd).roi_per_piece);
  if (sample.quality_score) add("content_quality_score", *sample.quality_score);
  for (const SampleScore& score : sample.scores) {
    const std::string name = absl::StrCat("score/", score.scorer);
    if (score.overall) add(name, *score.overall);
    for (const auto& [part, value] : score.parts) add(absl::StrCat(name, "/", part), value);
  }
}

}  // namespace

void MetricList::AddAt(std::string key, double value, absl::Time time, int64_t step) {
  if (!std::isfinite(value)) return;
  metrics_.push_back({.key = std::move(key), .value = value, .time = time, .step = step});
}

void MetricList::AddEstimate(const std::string& name, const Estimate& estimate) {
  if (estimate.n == 0) return;
  Add(name, estimate.mean);
  Add(absl::StrCat(name, "_sd"), estimate.standard_deviation);
  if (estimate.ci_low) Add(absl::StrCat(name, "_ci_low"), *estimate.ci_low);
  if (estimate.ci_high) Add(absl::StrCat(name, "_ci_high"), *estimate.ci_high);
  Add(absl::StrCat(name, "_p50"), estimate.p50);
  Add(absl::StrCat(name, "_p90"), estimate.p90);
}

void AddModelMetrics(const RunContext& context, const PreparedModel& model, const Summary& summary,
                     const std::vector<const Sample*>& samples, MetricList* metrics) {
  const SampleClusters clusters(context.plan);
  AddReliability(summary, metrics);
  AddTimings(summary, samples, clusters, metrics);
  Estimate quality = summary.quality_score;
  // An interval from so few prompts would look like evidence.
  if (!TooFewPrompts(quality).empty()) quality.ci_low = quality.ci_high = std::nullopt;
  metrics->AddEstimate("content_quality_score", quality);
  AddScores(samples, clusters, context.plan.failures, metrics);
  AddMemory(model, summary, samples, clusters, metrics);
  metrics->AddEstimate("energy_joules", summary.energy_joules);
  AddEconomics(context.economics, summary, samples, metrics);
  AddContentTypes(context, model, clusters, metrics);
  AddTasks(context, model.name, metrics);
}

void AddSampleMetrics(const EconomicsInputs& economics, const std::vector<const Sample*>& samples,
                      MetricList* metrics) {
  int64_t step = 0;
  for (const Sample* sample : samples) {
    AddSystem(*sample, step, metrics);
    if (sample->error.empty()) AddSample(economics, *sample, step, metrics);
    ++step;
  }
}

void AddSystemMetrics(const std::vector<Sample>& samples, MetricList* metrics) {
  int64_t step = 0;
  for (const Sample& sample : samples) AddSystem(sample, step++, metrics);
}

}  // namespace assay::evaluator
