// Implementation of estimates.
#include "evaluator/analysis/estimate.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "evaluator/stats/moments.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

constexpr double kMedian = 0.5;
constexpr double kNinetieth = 0.9;

// The values of one prompt.
struct PromptValues {
  double sum = 0;
  int n = 0;
  int cluster = 0;
};

}  // namespace

Estimate EstimateOf(std::span<const double> values, std::span<const SampleUnit> units,
                    const Bounds& bounds) {
  std::vector<double> kept;
  kept.reserve(values.size());
  std::map<int, PromptValues> prompts;
  for (size_t i = 0; i < values.size(); ++i) {
    // The negated comparison also rejects NaN.
    if (!(std::abs(values[i]) <= kMaxMagnitude)) continue;
    kept.push_back(values[i]);
    PromptValues& prompt = prompts[units[i].prompt];
    prompt.sum += values[i];
    ++prompt.n;
    prompt.cluster = units[i].cluster;
  }
  Estimate estimate;
  if (kept.empty()) return estimate;
  std::vector<double> means;
  std::vector<int> clusters;
  means.reserve(prompts.size());
  clusters.reserve(prompts.size());
  for (const auto& [number, prompt] : prompts) {
    means.push_back(prompt.sum / prompt.n);
    clusters.push_back(prompt.cluster);
  }
  const ClusteredMean mean = MeanOfClusters(means, clusters, kConfidence, bounds);
  estimate.n = mean.clusters;
  estimate.samples = static_cast<int>(kept.size());
  estimate.mean = mean.mean;
  estimate.standard_deviation = MomentsOf(kept).standard_deviation;
  estimate.ci_low = mean.ci_low;
  estimate.ci_high = mean.ci_high;
  std::sort(kept.begin(), kept.end());
  estimate.p50 = Quantile(kept, kMedian);
  estimate.p90 = Quantile(kept, kNinetieth);
  return estimate;
}

Estimate EstimateOf(std::span<const double> values) {
  std::vector<SampleUnit> alone(values.size());
  for (size_t i = 0; i < alone.size(); ++i) {
    alone[i].prompt = alone[i].cluster = static_cast<int>(i);
  }
  return EstimateOf(values, alone);
}

}  // namespace assay::evaluator
