// Checks, order and identity of a plan.
#include "evaluator/plan.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <unordered_set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "evaluator/prompt_set.h"

namespace assay::evaluator {
namespace {

constexpr size_t kMaxNameBytes = 500;
constexpr size_t kMaxModels = 64;
constexpr size_t kMaxPrompts = 10'000;
constexpr size_t kMaxPromptBytes = size_t{1} << 20;
constexpr size_t kMaxIdBytes = 200;
constexpr size_t kMaxContentTypeBytes = 64;
constexpr int kMaxRepeats = 1'000;
constexpr double kMaxTemperature = 2.0;

absl::Status Bad(absl::string_view field, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", problem));
}

bool IsContentType(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxContentTypeBytes &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; });
}

absl::Status ValidateModels(const std::vector<std::string>& models) {
  if (models.empty()) return Bad("models", "is empty; name at least one model");
  if (models.size() > kMaxModels) {
    return Bad("models", absl::StrCat(models.size(), " models; at most ", kMaxModels));
  }
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < models.size(); ++i) {
    const std::string field = absl::StrCat("models[", i, "]");
    if (models[i].empty()) return Bad(field, "is empty");
    if (!seen.insert(models[i]).second) {
      return Bad(field, absl::StrCat("'", models[i], "' stands twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidatePrompt(const EvaluationPrompt& prompt, const std::string& field) {
  if (prompt.id.empty()) return Bad(absl::StrCat(field, ".id"), "is empty");
  if (prompt.id.size() > kMaxIdBytes) {
    return Bad(absl::StrCat(field, ".id"),
               absl::StrCat("has ", prompt.id.size(), " bytes; at most ", kMaxIdBytes));
  }
  if (!IsContentType(prompt.content_type)) {
    return Bad(absl::StrCat(field, ".content_type"),
               absl::StrCat("'", prompt.content_type,
                            "'; use 1 to 64 letters, digits, '_' or '-', such as 'linkedin'"));
  }
  if (absl::StripAsciiWhitespace(prompt.prompt).empty()) {
    return Bad(absl::StrCat(field, ".prompt"), absl::StrCat("of '", prompt.id, "' is empty"));
  }
  if (prompt.prompt.size() > kMaxPromptBytes) {
    return Bad(absl::StrCat(field, ".prompt"),
               absl::StrCat("of '", prompt.id, "' has ", prompt.prompt.size(), " bytes; at most ",
                            kMaxPromptBytes));
  }
  return absl::OkStatus();
}

absl::Status ValidatePrompts(const std::vector<EvaluationPrompt>& prompts) {
  if (prompts.empty()) return Bad("prompts", "is empty; give at least one prompt");
  if (prompts.size() > kMaxPrompts) {
    return Bad("prompts", absl::StrCat(prompts.size(), " prompts; at most ", kMaxPrompts));
  }
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < prompts.size(); ++i) {
    const std::string field = absl::StrCat("prompts[", i, "]");
    if (absl::Status s = ValidatePrompt(prompts[i], field); !s.ok()) return s;
    if (!seen.insert(prompts[i].id).second) {
      return Bad(absl::StrCat(field, ".id"), absl::StrCat("'", prompts[i].id, "' stands twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateSampling(const Sampling& sampling) {
  // Written so that NaN fails.
  if (!(sampling.temperature >= 0 && sampling.temperature <= kMaxTemperature)) {
    return Bad("sampling.temperature",
               absl::StrCat(sampling.temperature, "; give 0 (greedy) to ", kMaxTemperature));
  }
  if (!(sampling.top_p > 0 && sampling.top_p <= 1)) {
    return Bad("sampling.top_p",
               absl::StrCat(sampling.top_p, "; give a number above 0 and at most 1"));
  }
  if (sampling.top_k < 0) {
    return Bad("sampling.top_k", absl::StrCat(sampling.top_k, "; give 0 (off) or more"));
  }
  return absl::OkStatus();
}

// Uniform in [0, bound). std::uniform_int_distribution differs between standard libraries.
uint64_t Below(uint64_t bound, std::mt19937_64& random) {
  const uint64_t limit =
      std::numeric_limits<uint64_t>::max() - std::numeric_limits<uint64_t>::max() % bound;
  while (true) {
    const uint64_t value = random();
    if (value < limit) return value % bound;
  }
}

// Fisher and Yates; std::shuffle differs between standard libraries.
std::vector<int> Shuffled(size_t size, std::mt19937_64& random) {
  std::vector<int> order(size);
  for (size_t i = 0; i < size; ++i) order[i] = static_cast<int>(i);
  for (size_t i = size; i > 1; --i) std::swap(order[i - 1], order[Below(i, random)]);
  return order;
}

}  // namespace

absl::Status ValidatePlan(const EvaluationPlan& plan) {
  if (plan.name.size() > kMaxNameBytes) {
    return Bad("name", absl::StrCat("has ", plan.name.size(), " bytes; at most ", kMaxNameBytes));
  }
  if (absl::Status s = ValidateModels(plan.models); !s.ok()) return s;
  if (absl::Status s = ValidatePrompts(plan.prompts); !s.ok()) return s;
  if (plan.repeats < 1 || plan.repeats > kMaxRepeats) {
    return Bad("repeats", absl::StrCat(plan.repeats, "; give 1 to ", kMaxRepeats));
  }
  if (absl::Status s = ValidateSampling(plan.sampling); !s.ok()) return s;
  if (plan.max_new_tokens < 1) {
    return Bad("max_new_tokens", absl::StrCat(plan.max_new_tokens, "; give 1 or more"));
  }
  if (plan.timeout <= absl::ZeroDuration()) {
    return Bad("timeout", absl::StrCat(absl::FormatDuration(plan.timeout), "; give more than 0"));
  }
  const auto samples =
      static_cast<int64_t>(plan.models.size() * plan.prompts.size()) * int64_t{plan.repeats};
  if (samples > kMaxSamples) {
    return Bad("repeats",
               absl::StrCat(plan.repeats, " makes ", samples,
                            " samples (models x prompts x repeats); at most ", kMaxSamples));
  }
  return absl::OkStatus();
}

int TotalSamples(const EvaluationPlan& plan) {
  return static_cast<int>(plan.models.size() * plan.prompts.size()) * plan.repeats;
}

std::vector<PlannedSample> OrderSamples(const EvaluationPlan& plan, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<PlannedSample> order;
  order.reserve(static_cast<size_t>(TotalSamples(plan)));
  for (int repeat = 0; repeat < plan.repeats; ++repeat) {
    for (int prompt : Shuffled(plan.prompts.size(), random)) {
      for (int model : Shuffled(plan.models.size(), random)) {
        order.push_back({.model = model, .prompt = prompt, .repeat = repeat});
      }
    }
  }
  return order;
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
  return all ? std::string(kBuiltInPromptSetVersion) : "custom";
}

std::string PromptSetFingerprint(const EvaluationPlan& plan) {
  std::string bytes;
  for (const EvaluationPrompt& prompt : plan.prompts) {
    for (const std::string* part : {&prompt.id, &prompt.content_type, &prompt.prompt}) {
      // The length first, so that no two sets join to the same bytes.
      absl::StrAppend(&bytes, part->size(), ":", *part);
    }
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return "";
  }
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace assay::evaluator
