// Validation of a plan.
#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "evaluator/economics/economics.h"
#include "evaluator/plan/plan.h"

namespace assay::evaluator {
namespace {

constexpr size_t kMaxNameBytes = 500;
constexpr size_t kMaxModels = 64;
constexpr size_t kMaxPrompts = 10'000;
constexpr size_t kMaxPromptBytes = size_t{1} << 20;
constexpr size_t kMaxIdBytes = 200;
constexpr size_t kMaxContentTypeBytes = 64;
constexpr double kMaxTemperature = 2.0;
constexpr size_t kMaxScorers = 16;
constexpr size_t kMaxTasks = 64;
constexpr size_t kMaxLevels = 16;
constexpr int kMaxConcurrency = 256;
constexpr size_t kMaxChoices = 26;
constexpr size_t kMaxTextBytes = size_t{16} << 20;

absl::Status InvalidField(absl::string_view field, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", problem));
}

// Candidate names become part of run names and of URLs.
bool IsCandidateName(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxIdBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-' || c == ':';
         });
}

bool IsContentType(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxContentTypeBytes &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; });
}

absl::Status ValidateSampling(const Sampling& sampling, const std::string& owner) {
  // The condition is negated so that NaN fails.
  if (!(sampling.temperature >= 0 && sampling.temperature <= kMaxTemperature)) {
    return InvalidField(
        absl::StrCat(owner, "sampling.temperature"),
        absl::StrCat(sampling.temperature, "; give 0 (greedy) to ", kMaxTemperature));
  }
  if (!(sampling.top_p > 0 && sampling.top_p <= 1)) {
    return InvalidField(absl::StrCat(owner, "sampling.top_p"),
                        absl::StrCat(sampling.top_p, "; give a number above 0 and at most 1"));
  }
  if (sampling.top_k < 0) {
    return InvalidField(absl::StrCat(owner, "sampling.top_k"),
                        absl::StrCat(sampling.top_k, "; give 0 (off) or more"));
  }
  return absl::OkStatus();
}

absl::Status ValidateModels(const std::vector<Candidate>& models) {
  if (models.empty()) return InvalidField("models", "is empty; name at least one model");
  if (models.size() > kMaxModels) {
    return InvalidField("models", absl::StrCat(models.size(), " models; at most ", kMaxModels));
  }
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < models.size(); ++i) {
    const std::string field = absl::StrCat("models[", i, "]");
    const Candidate& candidate = models[i];
    if (candidate.model.empty()) return InvalidField(field, "is empty");
    if (!IsCandidateName(candidate.name)) {
      return InvalidField(absl::StrCat(field, ".name"),
                          absl::StrCat("'", candidate.name, "'; use 1 to ", kMaxIdBytes,
                                       " letters, digits, '.', '_', ':' or '-'"));
    }
    if (!seen.insert(candidate.name).second) {
      return InvalidField(field, absl::StrCat("'", candidate.name,
                                              "' is duplicated; give one of them another name"));
    }
    if (candidate.system.size() > kMaxPromptBytes) {
      return InvalidField(
          absl::StrCat(field, ".system"),
          absl::StrCat("has ", candidate.system.size(), " bytes; at most ", kMaxPromptBytes));
    }
    if (!candidate.sampling) continue;
    RETURN_IF_ERROR(ValidateSampling(*candidate.sampling, absl::StrCat(field, ".")));
  }
  return absl::OkStatus();
}

absl::Status ValidatePrompt(const EvaluationPrompt& prompt, const std::string& field) {
  if (prompt.id.empty()) return InvalidField(absl::StrCat(field, ".id"), "is empty");
  if (prompt.id.size() > kMaxIdBytes) {
    return InvalidField(absl::StrCat(field, ".id"),
                        absl::StrCat("has ", prompt.id.size(), " bytes; at most ", kMaxIdBytes));
  }
  if (!IsContentType(prompt.content_type)) {
    return InvalidField(
        absl::StrCat(field, ".content_type"),
        absl::StrCat("'", prompt.content_type,
                     "'; use 1 to 64 letters, digits, '_' or '-', such as 'linkedin'"));
  }
  if (absl::StripAsciiWhitespace(prompt.prompt).empty()) {
    return InvalidField(absl::StrCat(field, ".prompt"),
                        absl::StrCat("the prompt of '", prompt.id, "' is empty; give a text"));
  }
  if (prompt.prompt.size() > kMaxPromptBytes) {
    return InvalidField(absl::StrCat(field, ".prompt"),
                        absl::StrCat("the prompt of '", prompt.id, "' has ", prompt.prompt.size(),
                                     " bytes; at most ", kMaxPromptBytes));
  }
  return absl::OkStatus();
}

absl::Status ValidatePrompts(const std::vector<EvaluationPrompt>& prompts) {
  if (prompts.size() > kMaxPrompts) {
    return InvalidField("prompts", absl::StrCat(prompts.size(), " prompts; at most ", kMaxPrompts));
  }
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < prompts.size(); ++i) {
    const std::string field = absl::StrCat("prompts[", i, "]");
    RETURN_IF_ERROR(ValidatePrompt(prompts[i], field));
    if (!seen.insert(prompts[i].id).second) {
      return InvalidField(absl::StrCat(field, ".id"),
                          absl::StrCat("'", prompts[i].id, "' is duplicated"));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateItem(const MultipleChoiceItem& item, const std::string& field) {
  if (item.id.empty() || item.id.size() > kMaxIdBytes) {
    return InvalidField(absl::StrCat(field, ".id"),
                        absl::StrCat("'", item.id, "' must have 1 to ", kMaxIdBytes, " bytes"));
  }
  if (item.choices.size() < 2 || item.choices.size() > kMaxChoices) {
    return InvalidField(absl::StrCat(field, ".choices"),
                        absl::StrCat("item '", item.id, "' has ", item.choices.size(),
                                     " choice(s); give 2 to ", kMaxChoices));
  }
  size_t bytes = item.context.size();
  for (const std::string& choice : item.choices) {
    if (choice.empty()) {
      return InvalidField(absl::StrCat(field, ".choices"),
                          absl::StrCat("item '", item.id, "' has an empty choice"));
    }
    bytes += choice.size();
  }
  if (bytes > kMaxPromptBytes) {
    return InvalidField(field, absl::StrCat("item '", item.id, "' has ", bytes, " bytes; at most ",
                                            kMaxPromptBytes));
  }
  if (item.answer < 0 || item.answer >= static_cast<int>(item.choices.size())) {
    return InvalidField(
        absl::StrCat(field, ".answer"),
        absl::StrCat("item '", item.id, "' has answer ", item.answer, "; give 0 to ",
                     item.choices.size() - 1, ", the index of the right choice"));
  }
  return absl::OkStatus();
}

absl::Status ValidateTask(const KnownAnswerTask& task, const std::string& field) {
  if (!IsContentType(task.name)) {
    return InvalidField(absl::StrCat(field, ".name"),
                        absl::StrCat("'", task.name, "'; use 1 to 64 letters, digits, '_' or '-'"));
  }
  if (task.kind == TaskKind::kPerplexity) {
    if (!task.text.empty() && task.text.size() <= kMaxTextBytes) return absl::OkStatus();
    return InvalidField(
        absl::StrCat(field, ".text"),
        absl::StrCat("has ", task.text.size(), " bytes; give 1 to ", kMaxTextBytes));
  }
  if (task.items.empty() || task.items.size() > kMaxPrompts) {
    return InvalidField(absl::StrCat(field, ".items"),
                        absl::StrCat("has ", task.items.size(), " items; give 1 to ", kMaxPrompts));
  }
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < task.items.size(); ++i) {
    const std::string item = absl::StrCat(field, ".items[", i, "]");
    RETURN_IF_ERROR(ValidateItem(task.items[i], item));
    if (!seen.insert(task.items[i].id).second) {
      return InvalidField(absl::StrCat(item, ".id"),
                          absl::StrCat("'", task.items[i].id, "' is duplicated"));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateTasks(const std::vector<KnownAnswerTask>& tasks) {
  if (tasks.size() > kMaxTasks) {
    return InvalidField("tasks", absl::StrCat(tasks.size(), " tasks; at most ", kMaxTasks));
  }
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const std::string field = absl::StrCat("tasks[", i, "]");
    RETURN_IF_ERROR(ValidateTask(tasks[i], field));
    if (!seen.insert(tasks[i].name).second) {
      return InvalidField(absl::StrCat(field, ".name"),
                          absl::StrCat("'", tasks[i].name, "' is duplicated"));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateScorers(const std::vector<std::string>& scorers) {
  if (scorers.empty() || scorers.size() > kMaxScorers) {
    return InvalidField("scorers",
                        absl::StrCat("has ", scorers.size(), " names; give 1 to ", kMaxScorers));
  }
  std::unordered_set<std::string> seen;
  for (size_t i = 0; i < scorers.size(); ++i) {
    if (!seen.insert(scorers[i]).second) {
      return InvalidField(absl::StrCat("scorers[", i, "]"),
                          absl::StrCat("'", scorers[i], "' is duplicated"));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateScaling(const ScalingPlan& scaling) {
  if (scaling.concurrency.size() > kMaxLevels) {
    return InvalidField("scaling.concurrency",
                        absl::StrCat(scaling.concurrency.size(), " levels; at most ", kMaxLevels));
  }
  for (const int level : scaling.concurrency) {
    if (level >= 1 && level <= kMaxConcurrency) continue;
    return InvalidField("scaling.concurrency",
                        absl::StrCat(level, " concurrent requests; give 1 to ", kMaxConcurrency));
  }
  if (scaling.rounds < 1 || scaling.rounds > kMaxRepeats) {
    return InvalidField("scaling.rounds",
                        absl::StrCat(scaling.rounds, "; give 1 to ", kMaxRepeats));
  }
  return absl::OkStatus();
}

absl::Status ValidateLooks(const EvaluationPlan& plan) {
  const int looks = plan.stop_early->looks;
  if (looks < kMinLooks || looks > kMaxLooks) {
    return InvalidField("looks", absl::StrCat(looks, "; give ", kMinLooks, " to ", kMaxLooks,
                                              " looks, or 0 for no early stopping"));
  }
  if (plan.models.size() < 2 || plan.prompts.empty()) {
    return InvalidField("looks",
                        "early stopping needs two candidates and prompts to compare them on; add "
                        "them, or leave it out");
  }
  return absl::OkStatus();
}

// Checks the fields that determine how the candidates are compared.
absl::Status ValidateComparison(const EvaluationPlan& plan) {
  if (plan.hypothesis.size() > kMaxPromptBytes) {
    return InvalidField("hypothesis", absl::StrCat("has ", plan.hypothesis.size(),
                                                   " bytes; at most ", kMaxPromptBytes));
  }
  if (plan.prompt_source.size() > kMaxPromptSourceBytes) {
    return InvalidField("prompt_source", absl::StrCat("has ", plan.prompt_source.size(),
                                                      " bytes; at most ", kMaxPromptSourceBytes));
  }
  // The condition is negated so that NaN fails.
  if (!(plan.alpha > 0 && plan.alpha <= kMaxAlpha)) {
    return InvalidField("alpha", absl::StrCat(plan.alpha, "; give a number above 0 and at most ",
                                              kMaxAlpha, ", such as 0.05"));
  }
  if (plan.economics) {
    RETURN_IF_ERROR(Validate(*plan.economics));
  }
  if (plan.stop_early) {
    RETURN_IF_ERROR(ValidateLooks(plan));
  }
  if (plan.baseline.empty()) return absl::OkStatus();
  std::vector<std::string> names;
  names.reserve(plan.models.size());
  for (const Candidate& candidate : plan.models) names.push_back(candidate.name);
  if (std::find(names.begin(), names.end(), plan.baseline) != names.end()) return absl::OkStatus();
  return InvalidField("baseline",
                      absl::StrCat("'", plan.baseline, "' is not one of the models; give one of ",
                                   absl::StrJoin(names, ", ")));
}

}  // namespace

absl::Status ValidatePlan(const EvaluationPlan& plan) {
  if (plan.name.size() > kMaxNameBytes) {
    return InvalidField("name",
                        absl::StrCat("has ", plan.name.size(), " bytes; at most ", kMaxNameBytes));
  }
  RETURN_IF_ERROR(ValidateModels(plan.models));
  if (plan.prompts.empty() && plan.tasks.empty()) {
    return InvalidField("prompts", "is empty, and there are no tasks; give at least one prompt");
  }
  RETURN_IF_ERROR(ValidatePrompts(plan.prompts));
  RETURN_IF_ERROR(ValidateTasks(plan.tasks));
  RETURN_IF_ERROR(ValidateScorers(plan.scorers));
  RETURN_IF_ERROR(ValidateScaling(plan.scaling));
  RETURN_IF_ERROR(ValidateComparison(plan));
  if (plan.repeats < 1 || plan.repeats > kMaxRepeats) {
    return InvalidField("repeats", absl::StrCat(plan.repeats, "; give 1 to ", kMaxRepeats));
  }
  RETURN_IF_ERROR(ValidateSampling(plan.sampling, ""));
  if (plan.max_new_tokens < 1) {
    return InvalidField("max_new_tokens", absl::StrCat(plan.max_new_tokens, "; give 1 or more"));
  }
  if (plan.timeout <= absl::ZeroDuration()) {
    return InvalidField("timeout",
                        absl::StrCat(absl::FormatDuration(plan.timeout), "; give more than 0"));
  }
  if (const int64_t samples = TotalSamples(plan); samples > kMaxSamples) {
    return InvalidField("repeats",
                        absl::StrCat(plan.repeats, " makes ", samples,
                                     " samples (models x (prompts x repeats + items of tasks));"
                                     " at most ",
                                     kMaxSamples));
  }
  return absl::OkStatus();
}

}  // namespace assay::evaluator
