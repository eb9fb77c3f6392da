// The order and identity of a plan.
#include "evaluator/plan/plan.h"

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <utility>

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

// Returns the clusters of prompts by content type, that of their first prompt. A prompt without a
// cluster is one of its own.
std::map<std::string, std::vector<std::vector<int>>> ClustersByType(const EvaluationPlan& plan) {
  std::map<std::string, std::vector<std::vector<int>>> types;
  // The type and position of each named cluster.
  std::map<std::string, std::pair<std::string, size_t>> named;
  for (size_t i = 0; i < plan.prompts.size(); ++i) {
    const EvaluationPrompt& prompt = plan.prompts[i];
    const int index = static_cast<int>(i);
    if (const auto at = named.find(prompt.cluster); at != named.end()) {
      types[at->second.first][at->second.second].push_back(index);
      continue;
    }
    std::vector<std::vector<int>>& clusters = types[prompt.content_type];
    if (!prompt.cluster.empty()) named[prompt.cluster] = {prompt.content_type, clusters.size()};
    clusters.push_back({index});
  }
  return types;
}

// Draws nothing without early stopping, so that orders of such plans stay what they were.
std::vector<std::vector<int>> DrawBlocks(const EvaluationPlan& plan, std::mt19937_64& random) {
  const size_t looks = plan.stop_early ? static_cast<size_t>(plan.stop_early->looks) : 1;
  std::vector<std::vector<int>> blocks(std::max<size_t>(looks, 1));
  if (blocks.size() == 1) {
    for (size_t i = 0; i < plan.prompts.size(); ++i) blocks[0].push_back(static_cast<int>(i));
    return blocks;
  }
  for (const auto& [type, clusters] : ClustersByType(plan)) {
    const std::vector<int> order = ShuffledIndices(clusters.size(), random);
    for (size_t i = 0; i < order.size(); ++i) {
      std::vector<int>& block = blocks[i * blocks.size() / order.size()];
      const std::vector<int>& cluster = clusters[static_cast<size_t>(order[i])];
      block.insert(block.end(), cluster.begin(), cluster.end());
    }
  }
  std::erase_if(blocks, [](const std::vector<int>& block) { return block.empty(); });
  return blocks;
}

}  // namespace

int64_t TotalSamples(const EvaluationPlan& plan) {
  auto each = static_cast<int64_t>(plan.prompts.size()) * int64_t{plan.repeats};
  for (const KnownAnswerTask& task : plan.tasks) {
    each += std::max<int64_t>(1, static_cast<int64_t>(task.items.size()));
  }
  return each * static_cast<int64_t>(plan.models.size());
}

std::vector<std::vector<int>> PromptBlocks(const EvaluationPlan& plan, uint64_t seed) {
  std::mt19937_64 random(seed);
  return DrawBlocks(plan, random);
}

std::vector<PlannedSample> OrderSamples(const EvaluationPlan& plan, uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::vector<std::vector<int>> blocks = DrawBlocks(plan, random);
  std::vector<PlannedSample> order;
  order.reserve(plan.models.size() * plan.prompts.size() * static_cast<size_t>(plan.repeats));
  for (size_t block = 0; block < blocks.size(); ++block) {
    for (int repeat = 0; repeat < plan.repeats; ++repeat) {
      for (const int position : ShuffledIndices(blocks[block].size(), random)) {
        const int prompt = blocks[block][static_cast<size_t>(position)];
        for (const int model : ShuffledIndices(plan.models.size(), random)) {
          order.push_back({.model = model,
                           .prompt = prompt,
                           .repeat = repeat,
                           .block = static_cast<int>(block)});
        }
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
