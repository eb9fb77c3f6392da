// The estimate of how long an evaluation's remaining samples will take.
#include "evaluator/run/remaining_time.h"

#include <numeric>

namespace assay::evaluator {

void RemainingTime::Add(size_t model, absl::Duration spent) {
  spent_seconds_[model] += absl::ToDoubleSeconds(spent);
  ++samples_[model];
}

double RemainingTime::Seconds(std::span<const PlannedSample> left,
                              const std::vector<PreparedModel>& models) const {
  const double spent = std::accumulate(spent_seconds_.begin(), spent_seconds_.end(), 0.0);
  const int count = std::accumulate(samples_.begin(), samples_.end(), 0);
  if (count == 0) return -1;
  double remaining = 0;
  for (const PlannedSample& planned : left) {
    const int model = planned.model;
    if (!models[model].load.ok()) continue;
    remaining += samples_[model] > 0 ? spent_seconds_[model] / samples_[model] : spent / count;
  }
  return remaining;
}

}  // namespace assay::evaluator
