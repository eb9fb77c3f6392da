// The estimate of how long an evaluation's remaining samples will take.
#ifndef ASSAY_EVALUATOR_RUN_REMAINING_TIME_H_
#define ASSAY_EVALUATOR_RUN_REMAINING_TIME_H_

#include <cstddef>
#include <span>
#include <vector>

#include "absl/time/time.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/plan/plan.h"

namespace assay::evaluator {

// Averages the time per sample of each model. Not thread-safe.
class RemainingTime {
 public:
  // Models are numbered as in the plan.
  explicit RemainingTime(size_t models) : spent_seconds_(models, 0.0), samples_(models, 0) {}

  // Records the duration of one sample.
  void Add(size_t model, absl::Duration spent);

  // Returns the estimated seconds for the samples `left`. A model without measured samples is
  // assumed to be as fast as the average sample; models that could not be loaded take no time.
  // Returns -1 if no sample was measured yet.
  double Seconds(std::span<const PlannedSample> left,
                 const std::vector<PreparedModel>& models) const;

 private:
  std::vector<double> spent_seconds_;
  std::vector<int> samples_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RUN_REMAINING_TIME_H_
