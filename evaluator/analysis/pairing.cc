// Implementation of the pairing of samples.
#include "evaluator/analysis/pairing.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "evaluator/stats/moments.h"

namespace assay::evaluator {
namespace {

struct Mean {
  double sum = 0;
  int n = 0;
};

std::string MissingReason(const UnitValues& values, const std::string& unit) {
  const auto reason = values.reasons.find(unit);
  return reason == values.reasons.end() ? "was not measured" : reason->second;
}

}  // namespace

int ClusterNumbering::NumberOf(const Unit& unit) {
  // The prefixes keep a unit's id from colliding with a cluster's name.
  const std::string name = unit.cluster.empty() ? absl::StrCat("unit ", unit.id)
                                                : absl::StrCat("cluster ", unit.cluster);
  return numbers_.try_emplace(name, static_cast<int>(numbers_.size())).first->second;
}

SampleClusters::SampleClusters(const EvaluationPlan& plan) {
  ClusterNumbering clusters;
  int prompt = 0;
  for (const Unit& unit : PromptUnits(plan)) {
    units_[unit.id] = {.prompt = prompt++, .cluster = clusters.NumberOf(unit)};
  }
}

SampleUnit SampleClusters::UnitOf(const Sample& sample) const {
  const auto unit = units_.find(sample.prompt_id);
  return unit == units_.end() ? SampleUnit{.prompt = -1, .cluster = -1} : unit->second;
}

std::vector<Metric> SampleMetrics(FailurePolicy failures) {
  std::optional<double> score_of_failure;
  if (failures == FailurePolicy::kZero) score_of_failure = 0;
  return {
      {.name = "quality_score",
       .value = [](const Sample& s) { return s.quality_score; },
       .failure_value = score_of_failure},
      {.name = "success_rate", .value = [](const Sample&) { return 1.0; }, .failure_value = 0},
      {.name = "latency_ms",
       .greater_is_better = false,
       .value = [](const Sample& s) { return s.generation.total_ms; }},
      {.name = "first_token_ms",
       .greater_is_better = false,
       .value = [](const Sample& s) { return s.generation.first_token_ms; }},
      {.name = "tokens_per_second",
       .value = [](const Sample& s) { return s.generation.tokens_per_second; }},
      {.name = "cost_usd",
       .greater_is_better = false,
       .value = [](const Sample& s) { return s.cost_usd; }},
  };
}

std::vector<std::string> ContentTypes(const EvaluationPlan& plan) {
  std::vector<std::string> types;
  for (const EvaluationPrompt& prompt : plan.prompts) {
    if (std::find(types.begin(), types.end(), prompt.content_type) == types.end()) {
      types.push_back(prompt.content_type);
    }
  }
  return types;
}

std::vector<Unit> PromptUnits(const EvaluationPlan& plan) {
  std::vector<Unit> units;
  units.reserve(plan.prompts.size());
  for (const EvaluationPrompt& prompt : plan.prompts) {
    units.push_back(
        {.id = prompt.id, .content_type = prompt.content_type, .cluster = prompt.cluster});
  }
  return units;
}

std::vector<Unit> ItemUnits(const KnownAnswerTask& task) {
  std::vector<Unit> units;
  units.reserve(task.items.size());
  for (const MultipleChoiceItem& item : task.items) units.push_back({.id = item.id});
  return units;
}

UnitValues ValuesOf(const std::vector<Sample>& samples, std::string_view candidate,
                    const Metric& metric) {
  UnitValues result;
  std::map<std::string, Mean> means;
  for (const Sample& sample : samples) {
    if (sample.model != candidate) continue;
    if (!sample.error.empty() && metric.failure_value) {
      means[sample.prompt_id].sum += *metric.failure_value;
      ++means[sample.prompt_id].n;
      continue;
    }
    if (!sample.error.empty()) {
      result.reasons[sample.prompt_id] = absl::StrCat("failed: ", sample.error);
      continue;
    }
    const std::optional<double> value = metric.value(sample);
    if (!value.has_value() || !(std::abs(*value) <= kMaxMagnitude)) {
      result.reasons[sample.prompt_id] = "has no such value";
      continue;
    }
    means[sample.prompt_id].sum += *value;
    ++means[sample.prompt_id].n;
  }
  for (const auto& [unit, mean] : means) result.values[unit] = mean.sum / mean.n;
  return result;
}

UnitValues CorrectnessOf(const std::vector<TaskAnswer>& answers, std::string_view candidate,
                         std::string_view task) {
  UnitValues result;
  for (const TaskAnswer& answer : answers) {
    if (answer.model != candidate || answer.task != task) continue;
    if (answer.error.empty()) {
      result.values[answer.item_id] = answer.correct ? 1 : 0;
    } else {
      result.reasons[answer.item_id] = absl::StrCat("failed: ", answer.error);
    }
  }
  return result;
}

Pairs PairUp(const std::vector<Unit>& units, std::string_view content_type,
             const UnitValues& baseline, const UnitValues& candidate) {
  Pairs pairs;
  ClusterNumbering clusters;
  for (const Unit& unit : units) {
    if (!content_type.empty() && unit.content_type != content_type) continue;
    const auto a = baseline.values.find(unit.id);
    const auto b = candidate.values.find(unit.id);
    if (a == baseline.values.end()) {
      pairs.unpaired.push_back(
          absl::StrCat(unit.id, ": the baseline ", MissingReason(baseline, unit.id)));
      continue;
    }
    if (b == candidate.values.end()) {
      pairs.unpaired.push_back(
          absl::StrCat(unit.id, ": the candidate ", MissingReason(candidate, unit.id)));
      continue;
    }
    pairs.baseline.push_back(a->second);
    pairs.candidate.push_back(b->second);
    pairs.clusters.push_back(clusters.NumberOf(unit));
  }
  return pairs;
}

}  // namespace assay::evaluator
