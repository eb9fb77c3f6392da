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

// Collects the metrics of one tracked run. Drops values that are not finite. Not thread-safe.
class MetricList {
 public:
  // `time` is the time of all metrics added without a time of their own.
  explicit MetricList(absl::Time time) : time_(time) {}

  // Adds a value at the list's time with step 0.
  void Add(std::string key, double value) { AddAt(std::move(key), value, time_, 0); }
  void AddAt(std::string key, double value, absl::Time time, int64_t step);
  // Adds the mean as `name` and the spread as `name`_sd, _ci_low, _ci_high (if there is an
  // interval), _p50 and _p90. Adds nothing if the estimate has no values.
  void AddEstimate(const std::string& name, const Estimate& estimate);

  // Moves the metrics out of the list.
  std::vector<TrackedMetric> Take() { return std::move(metrics_); }

 private:
  const absl::Time time_;
  std::vector<TrackedMetric> metrics_;
};

// Adds the metrics of one model: means over its successful samples, also by content type, and those
// of its tasks and economics. `samples` and `summary` must be the model's.
void AddModelMetrics(const RunContext& context, const PreparedModel& model, const Summary& summary,
                     const std::vector<const Sample*>& samples, MetricList* metrics);

// Adds one value per sample to "sample/<name>", "sample/score/<scorer>/<part>" and "system/<name>".
// The step is the sample's index in `samples`, the time is that of the sample's end. Failed samples
// have "system/" values only.
void AddSampleMetrics(const EconomicsInputs& economics, const std::vector<const Sample*>& samples,
                      MetricList* metrics);

// Adds "system/<name>" for every sample of all models. The step is the index in `samples`.
void AddSystemMetrics(const std::vector<Sample>& samples, MetricList* metrics);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_TRACKING_TRACKED_METRICS_H_
