// Checks of an evaluation's plan, its order and its identity.
#ifndef ASSAY_EVALUATOR_PLAN_PLAN_H_
#define ASSAY_EVALUATOR_PLAN_PLAN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// TotalSamples() of one evaluation at most.
inline constexpr int64_t kMaxSamples = 100'000;
// Of each prompt, and of a level of scaling, at most.
inline constexpr int kMaxRepeats = 1'000;
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

// Seed of one sample's drawing, from the seed of its candidate's sampling: repeats of a prompt are
// drawn anew, candidates with one seed draw alike. Below 2^52, which every reader of JSON keeps.
// Same on every platform.
uint64_t SampleSeed(uint64_t seed, std::string_view prompt_id, int repeat);

// "3" (kBuiltInPromptSetVersion) if every prompt is one of the built-in set, else "custom".
std::string PromptSetVersion(const EvaluationPlan& plan);

// SHA-256 of the prompts (id, content type and text of each, in order), hexadecimal.
std::string PromptSetFingerprint(const EvaluationPlan& plan);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_PLAN_PLAN_H_
