// How much of new prompts a step reads beside requests that are writing.
#ifndef ASSAY_ENGINE_RUNTIME_STEP_BUDGET_H_
#define ASSAY_ENGINE_RUNTIME_STEP_BUDGET_H_

#include <cstdint>

#include "absl/time/time.h"

namespace assay::engine {

// Learns from the steps what they cost, and keeps those that mix below twice the time of those that
// only write, so that a long prompt does not hold up the texts that others see coming. Not
// thread-safe.
class StepBudget {
 public:
  // chunk: prompt tokens of a step when nobody is writing.
  explicit StepBudget(int64_t chunk) : chunk_(chunk) {}

  // Prompt tokens of the next step, with this many requests writing in it; at least 1.
  int64_t PromptTokens(int64_t writing) const;

  // A step took `time`.
  void Learn(int64_t writing, int64_t prompt_tokens, absl::Duration time);

 private:
  int64_t chunk_;
  // Seconds; 0: not known. Of a step that only writes, and of a prompt's token.
  double write_seconds_ = 0.0;
  double prompt_seconds_ = 0.0;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_STEP_BUDGET_H_
