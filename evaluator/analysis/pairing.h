// Samples as values that can be compared: one a prompt, then one a cluster of prompts.
#ifndef ASSAY_EVALUATOR_ANALYSIS_PAIRING_H_
#define ASSAY_EVALUATOR_ANALYSIS_PAIRING_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

struct Metric {
  std::string name;
  bool greater_is_better = true;
  // Absent where a sample has no such value; values beyond kMaxMagnitude count as absent.
  std::function<std::optional<double>(const Sample&)> value;
};

// "quality_score", "latency_ms", "first_token_ms", "tokens_per_second", "cost_usd".
const std::vector<Metric>& SampleMetrics();

// One thing that was measured: a prompt, or a task's item.
struct Unit {
  std::string id;
  std::string content_type;
  std::string cluster;
};

// What one candidate scored, by unit; the mean over the repeats that succeeded.
struct UnitValues {
  std::map<std::string, double> values;
  // Why a unit has no value.
  std::map<std::string, std::string> reasons;
};

// Numbers the clusters of units as they come; a unit without one is its own.
class ClusterNumbers {
 public:
  int Of(const Unit& unit);

 private:
  std::map<std::string, int> numbers_;
};

// The cluster that a sample belongs to: its prompt's, or the prompt itself.
class SampleClusters {
 public:
  explicit SampleClusters(const EvaluationPlan& plan);
  // Samples of prompts that the plan lacks share one.
  int Of(const Sample& sample) const;

 private:
  std::map<std::string, int> numbers_;
};

std::vector<Unit> PromptUnits(const EvaluationPlan& plan);
std::vector<Unit> ItemUnits(const KnownAnswerTask& task);

UnitValues ValuesOf(const std::vector<Sample>& samples, std::string_view candidate,
                    const Metric& metric);
// 1 for a right answer, 0 for a wrong one.
UnitValues CorrectnessOf(const std::vector<TaskAnswer>& answers, std::string_view candidate,
                         std::string_view task);

// Two candidates side by side: baseline[i], candidate[i] and clusters[i] are of one unit that both
// have. Numbers of clusters are the order in which they first appear.
struct Pairs {
  std::vector<double> baseline;
  std::vector<double> candidate;
  std::vector<int> clusters;
  // "linkedin-3: the baseline failed: INTERNAL: broken".
  std::vector<std::string> unpaired;
};

// Units of `content_type` alone; empty = all.
Pairs PairUp(const std::vector<Unit>& units, std::string_view content_type,
             const UnitValues& baseline, const UnitValues& candidate);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_PAIRING_H_
