// The records of an evaluation: plan, samples, summary.
#ifndef ASSAY_EVALUATOR_EVALUATION_H_
#define ASSAY_EVALUATOR_EVALUATION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "evaluator/text_generator.h"

namespace assay::evaluator {

struct EvaluationPrompt {
  std::string id;
  std::string content_type;
  std::string prompt;
};

// What to run. Checked by the runner before anything runs.
struct EvaluationPlan {
  std::string name;
  std::vector<std::string> models;
  std::vector<EvaluationPrompt> prompts;
  int repeats = 1;
  Sampling sampling;
  int max_new_tokens = 200;
  absl::Duration timeout = absl::Minutes(5);
};

struct MemoryUse {
  int64_t before_bytes = 0;
  int64_t after_bytes = 0;
  int64_t peak_bytes = 0;
};

// One generation, measured and scored. Failed ones have `error` and no score: counted, never scored
// 0, never dropped.
struct Sample {
  std::string model;
  std::string content_type;
  std::string prompt_id;
  int repeat = 0;
  std::string error;
  Generation generation;
  std::optional<double> quality_score;
  std::string scorer;
  std::string scorer_version;
  MemoryUse memory;
  double cost_usd = 0;
};

// Mean and spread of the successful samples.
struct Estimate {
  int n = 0;
  double mean = 0;
  double standard_deviation = 0;
  double ci_low = 0;
  double ci_high = 0;
  double p50 = 0;
  double p90 = 0;
};

struct Summary {
  std::string model;
  // Empty = over all content types.
  std::string content_type;
  int samples = 0;
  int failures = 0;
  double success_rate = 0;
  Estimate quality_score;
  Estimate latency_ms;
  Estimate first_token_ms;
  Estimate tokens_per_second;
  Estimate cost_usd;
  double roi_per_piece = 0;
  MemoryUse memory;
  double load_seconds = 0;
};

// kRunning -> kSucceeded | kFailed | kCancelled.
enum class EvaluationState { kRunning, kSucceeded, kFailed, kCancelled };

struct TrackingRun {
  std::string model;
  std::string run_id;
  std::string url;
};

struct Evaluation {
  std::string id;
  std::string name;
  EvaluationState state = EvaluationState::kRunning;
  std::string error;
  absl::Time started_at;
  absl::Time finished_at;
  std::vector<Summary> summaries;
  std::vector<TrackingRun> runs;
  int finished_samples = 0;
  int total_samples = 0;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_EVALUATION_H_
