// Pairing of samples: values per prompt, and pairs of the values of two candidates.
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
  // Returns nullopt if the successful sample has no such value. Values beyond kMaxMagnitude
  // (stats/moments.h) count as absent.
  std::function<std::optional<double>(const Sample&)> value;
  // The value of a failed sample. Absent: failed samples have none.
  std::optional<double> failure_value;
};

// Returns "quality_score", "success_rate", "latency_ms", "first_token_ms", "tokens_per_second" and
// "cost_usd". `failures` determines the quality score of a failed sample.
std::vector<Metric> SampleMetrics(FailurePolicy failures);

// A measured unit: a prompt, or an item of a task.
struct Unit {
  std::string id;
  std::string content_type;
  std::string cluster;
};

// One candidate's value per unit: the mean over the repeats that have one.
struct UnitValues {
  std::map<std::string, double> values;
  // The reason why a unit has no value.
  std::map<std::string, std::string> reasons;
};

// Numbers clusters in order of first use. A unit without a cluster is a cluster of its own.
class ClusterNumbering {
 public:
  int NumberOf(const Unit& unit);

 private:
  std::map<std::string, int> numbers_;
};

// The numbers of a sample's prompt and of its cluster.
struct SampleUnit {
  int prompt = 0;
  int cluster = 0;
};

// Maps samples to prompts and clusters. Without a cluster, a prompt is a cluster of its own.
// Immutable.
class SampleClusters {
 public:
  explicit SampleClusters(const EvaluationPlan& plan);
  // Samples of prompts that are not in the plan share the numbers -1.
  SampleUnit UnitOf(const Sample& sample) const;

 private:
  std::map<std::string, SampleUnit> units_;
};

// Returns the content types of the plan's prompts in order of first appearance.
std::vector<std::string> ContentTypes(const EvaluationPlan& plan);

std::vector<Unit> PromptUnits(const EvaluationPlan& plan);
std::vector<Unit> ItemUnits(const KnownAnswerTask& task);

UnitValues ValuesOf(const std::vector<Sample>& samples, std::string_view candidate,
                    const Metric& metric);
// The value is 1 for a correct answer and 0 for a wrong one.
UnitValues CorrectnessOf(const std::vector<TaskAnswer>& answers, std::string_view candidate,
                         std::string_view task);

// The values of two candidates: baseline[i], candidate[i] and clusters[i] belong to the same unit.
// Clusters are numbered in order of first appearance.
struct Pairs {
  std::vector<double> baseline;
  std::vector<double> candidate;
  std::vector<int> clusters;
  // Units without a pair and the reasons: "linkedin-3: the baseline failed: INTERNAL: broken".
  std::vector<std::string> unpaired;
};

// Pairs the units of one content type; empty = all types.
Pairs PairUp(const std::vector<Unit>& units, std::string_view content_type,
             const UnitValues& baseline, const UnitValues& candidate);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_PAIRING_H_
