// The metrics of a tracked run.
#ifndef ASSAY_EVALUATOR_TRACKING_TRACKED_METRICS_H_
#define ASSAY_EVALUATOR_TRACKING_TRACKED_METRICS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "evaluator/analysis/summary.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/records/tracking.h"
#include "evaluator/tracking/tracked_run.h"

namespace assay::evaluator {

// Leaves out what is not finite.
class MetricList {
 public:
  explicit MetricList(absl::Time time) : time_(time) {}

  // At the list's time, step 0.
  void Add(std::string key, double value) { AddAt(std::move(key), value, time_, 0); }
  void AddAt(std::string key, double value, absl::Time time, int64_t step);
  // The mean under the name itself, its spread under name_sd, _ci_low, _ci_high (where there is an
  // interval), _p50, _p90. Nothing where there is no value.
  void AddEstimate(const std::string& name, const Estimate& estimate);

  std::vector<TrackedMetric> Take() { return std::move(metrics_); }

 private:
  const absl::Time time_;
  std::vector<TrackedMetric> metrics_;
};

// Of one model: means over its successful samples, by content type, tasks, economics.
// `samples` are the model's.
void AddModelMetrics(const RunContext& context, const PreparedModel& model, const Summary& summary,
                     const std::vector<const Sample*>& samples, MetricList* metrics);

// One value a sample: "sample/<name>", "sample/score/<scorer>/<part>" and "system/<name>", the
// sample's number in `samples` as step, the time at which it ended. Failed ones have "system/"
// only.
void AddSampleMetrics(const EconomicsInputs& economics, const std::vector<const Sample*>& samples,
                      MetricList* metrics);

// "system/<name>" of every sample, of all models.
void AddSystemMetrics(const std::vector<Sample>& samples, MetricList* metrics);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_TRACKING_TRACKED_METRICS_H_
