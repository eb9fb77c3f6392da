// The differences of two candidates on single prompts.
#include "evaluator/analysis/prompt_differences.h"

#include <algorithm>

#include "evaluator/analysis/pairing.h"

namespace assay::evaluator {

std::vector<PromptDifference> PromptDifferences(const EvaluationPlan& plan,
                                                const std::string& baseline,
                                                const std::vector<Sample>& samples) {
  std::vector<PromptDifference> rows;
  const Metric quality = SampleMetrics(plan.failures).front();
  const UnitValues base = ValuesOf(samples, baseline, quality);
  for (const Candidate& candidate : plan.models) {
    if (candidate.name == baseline) continue;
    const UnitValues other = ValuesOf(samples, candidate.name, quality);
    for (const EvaluationPrompt& prompt : plan.prompts) {
      const auto a = base.values.find(prompt.id);
      const auto b = other.values.find(prompt.id);
      if (a == base.values.end() || b == other.values.end()) continue;
      rows.push_back({.prompt_id = prompt.id,
                      .content_type = prompt.content_type,
                      .candidate = candidate.name,
                      .baseline_score = a->second,
                      .candidate_score = b->second,
                      .difference = b->second - a->second});
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.difference < b.difference; });
  return rows;
}

}  // namespace assay::evaluator
