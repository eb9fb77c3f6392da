// From samples to summaries.
#include "evaluator/summary.h"

#include <algorithm>

#include "evaluator/statistics.h"

namespace assay::evaluator {
namespace {

std::vector<std::string> ContentTypes(const EvaluationPlan& plan) {
  std::vector<std::string> types;
  for (const EvaluationPrompt& prompt : plan.prompts) {
    if (std::find(types.begin(), types.end(), prompt.content_type) == types.end()) {
      types.push_back(prompt.content_type);
    }
  }
  return types;
}

MemoryUse CombineMemory(const std::vector<const MeasuredSample*>& successes) {
  if (successes.empty()) return {};
  MemoryUse memory;
  memory.before_bytes = successes.front()->sample.memory.before_bytes;
  memory.after_bytes = successes.back()->sample.memory.after_bytes;
  for (const MeasuredSample* measured : successes) {
    memory.peak_bytes = std::max(memory.peak_bytes, measured->sample.memory.peak_bytes);
  }
  return memory;
}

}  // namespace

std::vector<const MeasuredSample*> SamplesOf(const std::vector<MeasuredSample>& samples,
                                             std::string_view model,
                                             std::string_view content_type) {
  std::vector<const MeasuredSample*> found;
  for (const MeasuredSample& measured : samples) {
    if (measured.sample.model != model) continue;
    if (!content_type.empty() && measured.sample.content_type != content_type) continue;
    found.push_back(&measured);
  }
  return found;
}

Summary Summarize(const PreparedModel& model, std::string_view content_type,
                  const std::vector<const MeasuredSample*>& samples,
                  const EconomicsInputs& economics) {
  std::vector<const MeasuredSample*> successes;
  std::copy_if(samples.begin(), samples.end(), std::back_inserter(successes),
               [](const MeasuredSample* measured) { return measured->sample.error.empty(); });
  const auto estimate = [&successes](auto value_of) {
    std::vector<double> values;
    values.reserve(successes.size());
    for (const MeasuredSample* measured : successes) values.push_back(value_of(measured->sample));
    return EstimateOf(std::move(values));
  };

  Summary summary;
  summary.model = model.name;
  summary.content_type = content_type;
  summary.samples = static_cast<int>(samples.size());
  summary.failures = static_cast<int>(samples.size() - successes.size());
  if (!samples.empty()) {
    summary.success_rate =
        static_cast<double>(successes.size()) / static_cast<double>(samples.size());
  }
  summary.quality_score = estimate([](const Sample& s) { return s.quality_score.value_or(0); });
  summary.latency_ms = estimate([](const Sample& s) { return s.generation.total_ms; });
  summary.first_token_ms = estimate([](const Sample& s) { return s.generation.first_token_ms; });
  summary.tokens_per_second =
      estimate([](const Sample& s) { return s.generation.tokens_per_second; });
  summary.cost_usd = estimate([](const Sample& s) { return s.cost_usd; });
  summary.roi_per_piece = ComputeEconomics(economics, summary.cost_usd.mean).roi_per_piece;
  summary.memory = CombineMemory(successes);
  if (model.load.ok()) summary.load_seconds = model.load->load_seconds;
  return summary;
}

std::vector<Summary> SummarizeAll(const EvaluationPlan& plan,
                                  const std::vector<PreparedModel>& models,
                                  const std::vector<MeasuredSample>& samples,
                                  const EconomicsInputs& economics) {
  std::vector<Summary> summaries;
  const auto add = [&](const PreparedModel& model, std::string_view content_type) {
    const auto chosen = SamplesOf(samples, model.name, content_type);
    if (chosen.empty()) return;
    summaries.push_back(Summarize(model, content_type, chosen, economics));
  };
  for (const PreparedModel& model : models) {
    for (const std::string& type : ContentTypes(plan)) add(model, type);
  }
  for (const PreparedModel& model : models) add(model, "");
  return summaries;
}

}  // namespace assay::evaluator
