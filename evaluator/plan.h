// Checks of an evaluation's plan, its order and its identity.
#ifndef ASSAY_EVALUATOR_PLAN_H_
#define ASSAY_EVALUATOR_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "evaluator/evaluation.h"

namespace assay::evaluator {

// TotalSamples() of one evaluation at most.
inline constexpr int64_t kMaxSamples = 100'000;
// Level of the tests at most.
inline constexpr double kMaxAlpha = 0.5;

// INVALID_ARGUMENT: "field: the value; what to do". Content types are limited to letters, digits,
// '_' and '-': they become part of metric names.
absl::Status ValidatePlan(const EvaluationPlan& plan);

// Samples and answers: models x (prompts x repeats + items of the tasks).
int64_t TotalSamples(const EvaluationPlan& plan);

// One sample to be taken: indices into the plan's models and prompts.
struct PlannedSample {
  int model;
  int prompt;
  int repeat;
};

// Every model x prompt x repeat once. Repeats follow one another; within a repeat the prompts are
// shuffled; for each prompt the models run side by side in shuffled order, so that a machine that
// grows warm or busy disturbs all alike. Same plan and seed: same order, on every platform.
std::vector<PlannedSample> OrderSamples(const EvaluationPlan& plan, uint64_t seed);

// "2" (kBuiltInPromptSetVersion) if every prompt is one of the built-in set, else "custom".
std::string PromptSetVersion(const EvaluationPlan& plan);

// SHA-256 of the prompts (id, content type and text of each, in order), hexadecimal.
std::string PromptSetFingerprint(const EvaluationPlan& plan);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_PLAN_H_
