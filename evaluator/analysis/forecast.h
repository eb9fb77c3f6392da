// What a planned evaluation can show and what it costs, from past evaluations.
#ifndef ASSAY_EVALUATOR_ANALYSIS_FORECAST_H_
#define ASSAY_EVALUATOR_ANALYSIS_FORECAST_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/store/run_store.h"

namespace assay::evaluator {

// The smallest difference of quality scores that a plan detects with a power of 0.8.
struct DetectableDifference {
  // Empty = over all content types.
  std::string content_type;
  // The number of independent units: prompts, or clusters of prompts.
  int prompts = 0;
  // The assumed standard deviation of the paired differences, in points.
  double deviation = 0;
  // In points. Absent if the prompts are too few for a test.
  std::optional<double> difference;
  // The number of prompts that detects the wanted difference. 0 if none is wanted, or if a million
  // are not enough.
  int prompts_needed = 0;
};

struct Forecast {
  // Content types in order of the plan, then all of them. Empty with a single candidate.
  std::vector<DetectableDifference> detectable;
  int64_t samples = 0;
  // Absent if no past evaluation measured one of the candidates' models.
  std::optional<double> seconds;
  std::optional<double> cost_usd;
  // What the figures rest on, one sentence each.
  std::vector<std::string> basis;
};

// The deviation that is assumed if no past evaluation has one, in points.
inline constexpr double kAssumedDeviation = 2;

// Forecasts the evaluation of a valid plan from the last 100 evaluations.
//   - Spread: the root mean square of the standard deviations of paired differences of quality,
//   over
//     the past comparisons of the content type with the plan's first scorer, weighted by pairs; if
//     there is none, those over all content types; if there is none, kAssumedDeviation.
//   - Level: PowerLevel() (pairwise.h) in the family of quality scores; with early stopping, that
//   of
//     the last look.
//   - Detectable difference: that of the paired t-test (stats/power.h).
//   - Time and cost: the mean latency and cost per sample of each candidate's model in the latest
//     evaluation with it, without loads, warm-up, tasks and scaling.
// `detect` is the wanted difference in points; 0 = none. Reads the store; blocks.
absl::StatusOr<Forecast> MakeForecast(RunStore* store, const EvaluationPlan& plan, double detect);

// Returns FAILED_PRECONDITION with the number of prompts that can if the plan cannot detect a
// difference of `detect` points over all content types, and INVALID_ARGUMENT if `detect` is not
// between 0 and 10 or there is nothing to compare.
absl::Status CheckDetects(const Forecast& forecast, double detect);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_FORECAST_H_
