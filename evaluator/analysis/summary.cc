// Implementation of summaries.
#include "evaluator/analysis/summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "evaluator/analysis/estimate.h"
#include "evaluator/economics/economics.h"
#include "evaluator/plan/plan_json.h"
#include "evaluator/scoring/scorer.h"

namespace assay::evaluator {
namespace {

MemoryUse CombineMemory(const std::vector<const Sample*>& successes) {
  if (successes.empty()) return {};
  MemoryUse memory;
  memory.before_bytes = successes.front()->memory.before_bytes;
  memory.after_bytes = successes.back()->memory.after_bytes;
  for (const Sample* measured : successes) {
    memory.peak_bytes = std::max(memory.peak_bytes, measured->memory.peak_bytes);
    memory.device_bytes = std::max(memory.device_bytes, measured->memory.device_bytes);
    memory.kv_cache_bytes = std::max(memory.kv_cache_bytes, measured->memory.kv_cache_bytes);
  }
  return memory;
}

// The mean of the prompts' success rates; 0 without samples.
double SuccessRate(const std::vector<const Sample*>& samples, const SampleClusters& clusters) {
  std::vector<double> successes;
  std::vector<SampleUnit> units;
  successes.reserve(samples.size());
  units.reserve(samples.size());
  for (const Sample* sample : samples) {
    successes.push_back(sample->error.empty() ? 1 : 0);
    units.push_back(clusters.UnitOf(*sample));
  }
  return EstimateOf(successes, units).mean;
}

}  // namespace

std::vector<const Sample*> SamplesOf(const std::vector<Sample>& samples, std::string_view model,
                                     std::string_view content_type) {
  std::vector<const Sample*> found;
  for (const Sample& measured : samples) {
    if (measured.model != model) continue;
    if (!content_type.empty() && measured.content_type != content_type) continue;
    found.push_back(&measured);
  }
  return found;
}

Estimate EstimateSuccesses(const std::vector<const Sample*>& samples,
                           const SampleClusters& clusters,
                           absl::FunctionRef<double(const Sample&)> value_of,
                           const Bounds& bounds) {
  std::vector<double> values;
  std::vector<SampleUnit> units;
  values.reserve(samples.size());
  units.reserve(samples.size());
  for (const Sample* measured : samples) {
    if (!measured->error.empty()) continue;
    values.push_back(value_of(*measured));
    units.push_back(clusters.UnitOf(*measured));
  }
  return EstimateOf(values, units, bounds);
}

Estimate EstimateQuality(const std::vector<const Sample*>& samples, const SampleClusters& clusters,
                         FailurePolicy failures) {
  std::vector<double> values;
  std::vector<SampleUnit> units;
  values.reserve(samples.size());
  units.reserve(samples.size());
  for (const Sample* sample : samples) {
    const bool failed = !sample->error.empty();
    if (failed && failures == FailurePolicy::kLeaveOut) continue;
    // A text has no score if its scorer failed.
    if (!failed && !sample->quality_score) continue;
    values.push_back(failed ? 0 : *sample->quality_score);
    units.push_back(clusters.UnitOf(*sample));
  }
  return EstimateOf(values, units, kScoreBounds);
}

std::vector<PartMean> PartMeans(const std::vector<const Sample*>& samples) {
  std::vector<std::string> scorers;
  std::map<std::string, std::map<std::string, std::pair<double, int>>> sums;
  std::map<std::string, int> scored;
  for (const Sample* sample : samples) {
    for (const SampleScore& score : sample->scores) {
      if (!sums.contains(score.scorer)) scorers.push_back(score.scorer);
      auto& parts = sums[score.scorer];
      if (score.error.empty()) ++scored[score.scorer];
      for (const auto& [name, value] : score.parts) {
        if (!std::isfinite(value)) continue;
        parts[name].first += value;
        ++parts[name].second;
      }
    }
  }
  std::vector<PartMean> means;
  for (const std::string& scorer : scorers) {
    for (const auto& [name, sum] : sums[scorer]) {
      auto [total, n] = sum;
      if (name.starts_with(kGatePrefix)) {
        total += scored[scorer] - n;
        n = scored[scorer];
      }
      means.push_back({scorer, name, total / n, n});
    }
  }
  return means;
}

Summary Summarize(const PreparedModel& model, std::string_view content_type,
                  const std::vector<const Sample*>& samples, const SampleClusters& clusters,
                  FailurePolicy failures, const EconomicsInputs& economics) {
  std::vector<const Sample*> successes;
  std::copy_if(samples.begin(), samples.end(), std::back_inserter(successes),
               [](const Sample* measured) { return measured->error.empty(); });
  const auto estimate = [&](absl::FunctionRef<double(const Sample&)> value_of) {
    return EstimateSuccesses(successes, clusters, value_of);
  };

  Summary summary;
  summary.model = model.name;
  summary.content_type = content_type;
  summary.samples = static_cast<int>(samples.size());
  summary.failures = static_cast<int>(samples.size() - successes.size());
  summary.success_rate = SuccessRate(samples, clusters);
  summary.quality_score = EstimateQuality(samples, clusters, failures);
  summary.latency_ms = estimate([](const Sample& s) { return s.generation.total_ms; });
  summary.first_token_ms = estimate([](const Sample& s) { return s.generation.first_token_ms; });
  summary.tokens_per_second =
      estimate([](const Sample& s) { return s.generation.tokens_per_second; });
  summary.queue_ms = estimate([](const Sample& s) { return s.generation.queue_ms; });
  summary.prefill_ms = estimate([](const Sample& s) { return s.generation.prefill_ms; });
  summary.inter_token_p50_ms =
      estimate([](const Sample& s) { return s.generation.inter_token_p50_ms; });
  summary.inter_token_p90_ms =
      estimate([](const Sample& s) { return s.generation.inter_token_p90_ms; });
  summary.inter_token_p99_ms =
      estimate([](const Sample& s) { return s.generation.inter_token_p99_ms; });
  summary.energy_joules = estimate([](const Sample& s) { return s.energy.joules; });
  summary.cost_usd = estimate([](const Sample& s) { return s.cost_usd; });
  const double hosted_usd =
      estimate([&economics](const Sample& s) {
        return HostedUsd(economics, s.generation.prompt_tokens, s.generation.completion_tokens);
      }).mean;
  summary.roi_per_piece =
      ComputeEconomics(economics, summary.cost_usd.mean, hosted_usd).roi_per_piece;
  summary.memory = CombineMemory(successes);
  if (model.load.ok()) {
    summary.load_seconds = model.load->load_seconds;
    summary.revision = model.load->revision;
    summary.resident_bytes = model.load->resident_bytes;
  }
  if (!samples.empty()) {
    // A failed sample may lack a part of the scorer's version.
    const Sample* sample = successes.empty() ? samples.front() : successes.front();
    summary.scorer = sample->scorer;
    summary.scorer_version = sample->scorer_version;
  }
  return summary;
}

std::vector<Summary> SummarizeAll(const EvaluationPlan& plan,
                                  const std::vector<PreparedModel>& models,
                                  const std::vector<Sample>& samples,
                                  const EconomicsInputs& economics) {
  std::vector<Summary> summaries;
  const SampleClusters clusters(plan);
  const auto add = [&](const PreparedModel& model, std::string_view content_type) {
    const auto chosen = SamplesOf(samples, model.name, content_type);
    if (chosen.empty()) return;
    summaries.push_back(Summarize(model, content_type, chosen, clusters, plan.failures, economics));
    if (!content_type.empty()) {
      summaries.back().workload_fingerprint = WorkloadFingerprint(plan, content_type);
    }
  };
  for (const PreparedModel& model : models) {
    for (const std::string& type : ContentTypes(plan)) add(model, type);
  }
  for (const PreparedModel& model : models) add(model, "");
  return summaries;
}

}  // namespace assay::evaluator
