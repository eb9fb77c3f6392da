// How much of new prompts a step reads beside requests that are writing.
#include "engine/runtime/step_budget.h"

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace assay::engine {
namespace {

// Weight of the newest step in the averages.
constexpr double kNewest = 0.2;
// What a prompt may add to a step, in times of a step that only writes.
constexpr double kAdded = 0.8;
constexpr int64_t kLeast = 8;

void Average(double value, double* average) {
  *average = *average == 0.0 ? value : (1.0 - kNewest) * *average + kNewest * value;
}

}  // namespace

int64_t StepBudget::PromptTokens(int64_t writing) const {
  if (writing == 0) return chunk_;
  if (write_seconds_ == 0.0 || prompt_seconds_ == 0.0) return std::min(kLeast, chunk_);
  const auto fitting = static_cast<int64_t>(kAdded * write_seconds_ / prompt_seconds_);
  return std::min(std::max(fitting, kLeast), chunk_);
}

void StepBudget::Learn(int64_t writing, int64_t prompt_tokens, absl::Duration time) {
  const double seconds = absl::ToDoubleSeconds(time);
  if (prompt_tokens == 0) {
    Average(seconds, &write_seconds_);
  } else if (writing == 0) {
    Average(seconds / static_cast<double>(prompt_tokens), &prompt_seconds_);
  }
}

}  // namespace assay::engine
