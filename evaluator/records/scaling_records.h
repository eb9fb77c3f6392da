// The plan of a scaling measurement and the points that it yields.
#ifndef ASSAY_EVALUATOR_RECORDS_SCALING_RECORDS_H_
#define ASSAY_EVALUATOR_RECORDS_SCALING_RECORDS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace assay::evaluator {

struct ScalingPlan {
  // The levels to be measured, each a number of concurrent requests (1, 2, 4). Empty if concurrency
  // is not measured.
  std::vector<int> concurrency;
  // The number of requests that each stream sends at one level.
  int rounds = 3;
  // True if the first candidate's latency is measured after each further model becomes resident.
  bool residents = false;
};

enum class ScalingKind { kConcurrency, kResidents };

// The measurement of one candidate at one level.
struct ScalingPoint {
  ScalingKind kind = ScalingKind::kConcurrency;
  // The name of the candidate.
  std::string model;
  // The number of concurrent requests, or of resident models (LoadReport::resident_models).
  int level = 0;
  int requests = 0;
  int failures = 0;
  // The tokens of all requests, divided by the time from the first start to the last end.
  double tokens_per_second = 0;
  // Quantiles over the successful requests.
  double latency_p50_ms = 0;
  double latency_p90_ms = 0;
  double first_token_p50_ms = 0;
  double first_token_p90_ms = 0;
  // The resident memory of the server process at the end.
  int64_t resident_bytes = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_SCALING_RECORDS_H_
