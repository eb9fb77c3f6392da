// The order and identity of a plan.
#include "evaluator/plan/plan.h"

#include <algorithm>
#include <limits>
#include <random>

#include "absl/strings/str_cat.h"
#include "base/hashing.h"
#include "evaluator/plan/prompt_set.h"

namespace assay::evaluator {
namespace {

// Returns a uniform number in [0, bound). Replaces std::uniform_int_distribution, which differs
// between standard libraries.
uint64_t UniformBelow(uint64_t bound, std::mt19937_64& random) {
  const uint64_t limit =
      std::numeric_limits<uint64_t>::max() - std::numeric_limits<uint64_t>::max() % bound;
  while (true) {
    const uint64_t value = random();
    if (value < limit) return value % bound;
  }
}

// Returns the indices below `size` in the order of a Fisher-Yates shuffle. Replaces std::shuffle,
// which differs between standard libraries.
std::vector<int> ShuffledIndices(size_t size, std::mt19937_64& random) {
  std::vector<int> order(size);
  for (size_t i = 0; i < size; ++i) order[i] = static_cast<int>(i);
  for (size_t i = size; i > 1; --i) std::swap(order[i - 1], order[UniformBelow(i, random)]);
  return order;
}

}  // namespace

int64_t TotalSamples(const EvaluationPlan& plan) {
  auto each = static_cast<int64_t>(plan.prompts.size()) * int64_t{plan.repeats};
  for (const KnownAnswerTask& task : plan.tasks) {
    each += std::max<int64_t>(1, static_cast<int64_t>(task.items.size()));
  }
  return each * static_cast<int64_t>(plan.models.size());
}

std::vector<PlannedSample> OrderSamples(const EvaluationPlan& plan, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<PlannedSample> order;
  order.reserve(plan.models.size() * plan.prompts.size() * static_cast<size_t>(plan.repeats));
  for (int repeat = 0; repeat < plan.repeats; ++repeat) {
    for (int prompt : ShuffledIndices(plan.prompts.size(), random)) {
      for (int model : ShuffledIndices(plan.models.size(), random)) {
        order.push_back({.model = model, .prompt = prompt, .repeat = repeat});
      }
    }
  }
  return order;
}

uint64_t SampleSeed(uint64_t seed, std::string_view prompt_id, int repeat) {
  constexpr size_t kHexDigits = 13;
  constexpr int kHexadecimal = 16;
  const std::string digits =
      Sha256Hex(absl::StrCat(seed, " ", repeat, " ", std::string(prompt_id)));
  return std::stoull(digits.substr(0, kHexDigits), nullptr, kHexadecimal);
}

std::string PromptSetVersion(const EvaluationPlan& plan) {
  const std::vector<EvaluationPrompt>& built_in = BuiltInPrompts();
  const bool all = std::all_of(
      plan.prompts.begin(), plan.prompts.end(), [&built_in](const EvaluationPrompt& prompt) {
        return std::any_of(built_in.begin(), built_in.end(), [&](const EvaluationPrompt& other) {
          return other.id == prompt.id && other.content_type == prompt.content_type &&
                 other.prompt == prompt.prompt;
        });
      });
  if (all) return std::string(kBuiltInPromptSetVersion);
  return plan.prompt_source.empty() ? "custom" : plan.prompt_source;
}

std::string PromptSetFingerprint(const EvaluationPlan& plan) {
  std::string bytes;
  for (const EvaluationPrompt& prompt : plan.prompts) {
    for (const std::string* part : {&prompt.id, &prompt.content_type, &prompt.prompt}) {
      // The length prefix keeps different sets from joining to the same bytes.
      absl::StrAppend(&bytes, part->size(), ":", *part);
    }
  }
  return Sha256Hex(bytes);
}

}  // namespace assay::evaluator
