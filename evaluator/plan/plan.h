// Validation of an evaluation's plan, the order of its samples, and its identity.
#ifndef ASSAY_EVALUATOR_PLAN_PLAN_H_
#define ASSAY_EVALUATOR_PLAN_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// The maximum of TotalSamples() in one evaluation.
inline constexpr int64_t kMaxSamples = 100'000;
// The maximum number of repeats of each prompt, and of rounds at one scaling level.
inline constexpr int kMaxRepeats = 1'000;
// The maximum significance level of the tests.
inline constexpr double kMaxAlpha = 0.5;
// The limits of the number of looks of early stopping.
inline constexpr int kMinLooks = 2;
inline constexpr int kMaxLooks = 20;

// Returns INVALID_ARGUMENT with "field: the value; what to do" for the first problem. Content types
// are limited to letters, digits, '_' and '-', because they become part of metric names. Does not
// check that the scorers exist.
absl::Status ValidatePlan(const EvaluationPlan& plan);

// Returns the number of samples and task answers: models x (prompts x repeats + items of the
// tasks).
int64_t TotalSamples(const EvaluationPlan& plan);

// One sample to be taken: indices into the plan's models and prompts.
struct PlannedSample {
  int model;
  int prompt;
  int repeat;
  // The block of the prompt, from 0. Always 0 without early stopping.
  int block = 0;
};

// Returns the prompts of each block between two looks of early stopping, as indices into the plan's
// prompts; one block of all prompts without early stopping. Prompts of one cluster share a block,
// and the prompts of each content type are distributed evenly, at random. No block is empty; there
// may be fewer than the plan's looks. Independent of the plan's models, and the same on every
// platform.
std::vector<std::vector<int>> PromptBlocks(const EvaluationPlan& plan, uint64_t seed);

// Returns every combination of model, prompt and repeat once, block by block (PromptBlocks()).
// Within a block, the repeats come one after another.
// Within a repeat the prompts are shuffled; for each prompt the models run side by side in shuffled
// order, so that a machine that becomes warm or busy affects all models equally. Equal plans and
// seeds give equal orders on every platform.
std::vector<PlannedSample> OrderSamples(const EvaluationPlan& plan, uint64_t seed);

// Returns the seed for sampling one text, derived from the seed of its candidate's sampling. The
// repeats of a prompt have different seeds; candidates with equal seeds share the seed of each
// prompt and repeat. It is below 2^52, which every JSON reader preserves, and the same on every
// platform.
uint64_t SampleSeed(uint64_t seed, std::string_view prompt_id, int repeat);

// The maximum size of EvaluationPlan::prompt_source.
inline constexpr size_t kMaxPromptSourceBytes = 256;

// Returns "3" (kBuiltInPromptSetVersion) if every prompt is part of the built-in set, else the
// plan's prompt_source or, without one, "custom".
std::string PromptSetVersion(const EvaluationPlan& plan);

// Returns the SHA-256 of the prompts (id, content type and text of each, in order), in hexadecimal.
std::string PromptSetFingerprint(const EvaluationPlan& plan);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_PLAN_PLAN_H_
