// What steps cost, and what may therefore be put into the next one. Private to this folder.
#ifndef ASSAY_ENGINE_RUNTIME_SCHEDULER_STEP_BUDGET_H_
#define ASSAY_ENGINE_RUNTIME_SCHEDULER_STEP_BUDGET_H_

#include <cstdint>

#include "absl/time/time.h"

namespace assay::engine {

// Learns from the steps what they cost: so much for the weights, once, and so much for every row.
// Not thread-safe.
class StepBudget {
 public:
  // chunk: prompt tokens of a step when nobody is writing.
  explicit StepBudget(int64_t chunk) : chunk_(chunk) {}

  // Prompt tokens of the next step, with this many requests writing in it; at least 1. Steps that
  // mix stay below twice the time of those that only write, so that a long prompt does not hold up
  // the texts that others see coming. others: how long a turn of another model is that shares the
  // threads, 0 where there is none; a step that only reads is then about as long as theirs, no less
  // than some milliseconds.
  int64_t PromptTokens(int64_t writing, absl::Duration others) const;

  // The part of the time of a step in which so many requests write that is their rows' own, 0 to 1;
  // 1 while nothing is known. One row more costs this part of what a row costs on average.
  double RowShare(int64_t writing) const;

  // A step took `time`, without the wait for others' turns. rows: of requests that write, drafts
  // included.
  void Learn(int64_t rows, int64_t prompt_tokens, absl::Duration time);

 private:
  // Of a step that only writes; 0 while nothing is known.
  double WriteSeconds(int64_t rows) const;
  double RowSeconds() const;

  int64_t chunk_;
  // Moving averages over the steps that only write: rows, seconds, the rows' variance, and their
  // covariance with the seconds.
  double rows_ = 0.0;
  double seconds_ = 0.0;
  double variance_ = 0.0;
  double covariance_ = 0.0;
  // What prompts have cost in the last steps together, the older the less.
  struct PromptCost {
    double seconds = 0.0;
    double tokens = 0.0;
  };
  // In steps of their own, and what they add to steps that write.
  PromptCost alone_;
  PromptCost beside_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_SCHEDULER_STEP_BUDGET_H_
