// How many prompt tokens a step may have, from what steps have cost. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_STEP_BUDGET_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_STEP_BUDGET_H_

#include <cstdint>

#include "absl/time/time.h"

namespace assay::engine {

// Learns the cost of steps: a constant part to read the weights, and a part for each row. Derives
// how many prompt tokens fit into the next step. Cheap. Not thread-safe.
class StepBudget {
 public:
  // `chunk` is the number of prompt tokens in a step while no request decodes.
  explicit StepBudget(int64_t chunk) : chunk_(chunk) {}

  // Returns the number of prompt tokens of the next step, in which `decoding` requests decode; at
  // least 1. A mixed step takes less than twice the time of one that only decodes, so that a long
  // prompt does not delay the output of other requests. `contention_interval` is the duration of a
  // time slice of another model that shares the threads, 0 if there is none. A step that only
  // prefills then takes about as long, but at least some milliseconds.
  int64_t PromptTokens(int64_t decoding, absl::Duration contention_interval) const;

  // Returns the part, 0 to 1, of the time of a step with `decoding` decoding requests that grows
  // with its rows; 1 before anything is known. An additional row costs this part of what a row
  // costs on average.
  double RowShare(int64_t decoding) const;

  // Returns the time that a row adds to a step with `rows` decoding rows, the constant part
  // included, and the time that a prompt token adds. Zero before anything is known.
  absl::Duration RowTime(int64_t rows) const;
  absl::Duration PromptTokenTime() const;

  // Records that a step took `time`, without the wait for other models' time slices. `rows` is the
  // number of rows of decoding requests, with their draft tokens.
  void Record(int64_t rows, int64_t prompt_tokens, absl::Duration time);

 private:
  // The time of a step that only decodes; 0 before anything is known.
  double DecodeSeconds(int64_t rows) const;
  double RowSeconds() const;

  int64_t chunk_;
  // Moving averages over the steps that only decode: the rows, the seconds, the variance of the
  // rows, and the covariance of rows and seconds.
  double rows_ = 0.0;
  double seconds_ = 0.0;
  double variance_ = 0.0;
  double covariance_ = 0.0;
  // Sums over the last steps with prompt tokens; older steps have less weight.
  struct PromptCost {
    double seconds = 0.0;
    double tokens = 0.0;
  };
  // The cost of prompts in steps of their own, and what they add to steps that decode.
  PromptCost alone_;
  PromptCost mixed_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_STEP_BUDGET_H_
