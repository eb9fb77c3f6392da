// What a plan asks of the scaling measurement, and the points that it yields.
#ifndef ASSAY_EVALUATOR_RECORDS_SCALING_RECORDS_H_
#define ASSAY_EVALUATOR_RECORDS_SCALING_RECORDS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace assay::evaluator {

// What a plan asks for.
struct ScalingPlan {
  // Requests at once, each a level of its own (1, 2, 4); empty = not measured.
  std::vector<int> concurrency;
  // Requests of each stream at a level.
  int rounds = 3;
  // The first candidate's latency after each model that becomes resident beside its own.
  bool residents = false;
};

enum class ScalingKind { kConcurrency, kResidents };

struct ScalingPoint {
  ScalingKind kind = ScalingKind::kConcurrency;
  std::string model;
  // Requests at once, or models resident (LoadReport::resident_models).
  int level = 0;
  int requests = 0;
  int failures = 0;
  // Tokens of all requests over the time from the first one's start to the last one's end.
  double tokens_per_second = 0;
  // Quantiles over the successful requests.
  double latency_p50_ms = 0;
  double latency_p90_ms = 0;
  double first_token_p50_ms = 0;
  double first_token_p90_ms = 0;
  // Of the server's process, at the end.
  int64_t resident_bytes = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_SCALING_RECORDS_H_
