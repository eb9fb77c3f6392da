// Prompt sets from JSON Lines files.
#include "evaluator/plan/prompt_set.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <unordered_set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "base/near_name.h"
#include "base/status_macros.h"
#include "evaluator/plan/built_in_prompts.h"

namespace assay::evaluator {
namespace {

constexpr uintmax_t kMaxFileBytes = uintmax_t{64} << 20;

absl::Status LineError(const std::string& path, int line, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(path, ":", line, ": ", problem));
}

absl::Status WrongType(absl::string_view name, const nlohmann::json& field,
                       absl::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": is a ", field.type_name(), "; give ", expected));
}

absl::StatusOr<std::string> TextField(const nlohmann::json& row, const char* name) {
  const auto field = row.find(name);
  if (field == row.end()) return absl::InvalidArgumentError(absl::StrCat(name, ": is missing"));
  if (!field->is_string()) return WrongType(name, *field, "a string");
  const std::string& text = field->get_ref<const std::string&>();
  if (absl::StripAsciiWhitespace(text).empty()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": is empty"));
  }
  return text;
}

// Leaves `target` unchanged if the field is absent.
absl::Status OptionalText(const nlohmann::json& row, const char* name, std::string* target) {
  const auto field = row.find(name);
  if (field == row.end()) return absl::OkStatus();
  if (!field->is_string()) return WrongType(name, *field, "a string");
  *target = field->get<std::string>();
  return absl::OkStatus();
}

absl::Status ReadMaxCharacters(const nlohmann::json& value, PromptConstraints* constraints) {
  constexpr const char* kName = "constraints.max_chars";
  constexpr const char* kExpected = "a whole number, not negative";
  if (!value.is_number()) return WrongType(kName, value, kExpected);
  if (!value.is_number_unsigned() ||
      value.get<uint64_t>() > uint64_t{std::numeric_limits<int32_t>::max()}) {
    return absl::InvalidArgumentError(
        absl::StrCat(kName, ": ", value.dump(), " is out of range; give ", kExpected));
  }
  constraints->max_characters = value.get<int32_t>();
  return absl::OkStatus();
}

absl::Status ReadMustInclude(const nlohmann::json& value, PromptConstraints* constraints) {
  constexpr const char* kName = "constraints.must_include";
  constexpr const char* kExpected = "a list of strings";
  if (!value.is_array()) return WrongType(kName, value, kExpected);
  constraints->must_include.reserve(value.size());
  for (const nlohmann::json& word : value) {
    const std::string item = absl::StrCat(kName, "[", constraints->must_include.size(), "]");
    if (!word.is_string()) return WrongType(item, word, "a string");
    // An empty phrase would be found in every text.
    if (word.get_ref<const std::string&>().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(item, ": is empty"));
    }
    constraints->must_include.push_back(word.get<std::string>());
  }
  return absl::OkStatus();
}

absl::Status ReadConstraints(const nlohmann::json& row, PromptConstraints* constraints) {
  const auto field = row.find("constraints");
  if (field == row.end()) return absl::OkStatus();
  if (!field->is_object()) return WrongType("constraints", *field, "an object");
  for (const auto& [key, value] : field->items()) {
    absl::Status status;
    if (key == "max_chars") {
      status = ReadMaxCharacters(value, constraints);
    } else if (key == "must_include") {
      status = ReadMustInclude(value, constraints);
    } else {
      status = absl::InvalidArgumentError(
          absl::StrCat("constraints.", key, ": is unknown; give max_chars or must_include"));
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<EvaluationPrompt> ParseRow(absl::string_view line) {
  nlohmann::json row;
  try {
    row = nlohmann::json::parse(line);
  } catch (const nlohmann::json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("not JSON: ", e.what()));
  }
  if (!row.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat("is a JSON ", row.type_name(),
                     R"(; give an object {"id": ..., "content_type": ..., "prompt": ...})"));
  }
  EvaluationPrompt prompt;
  for (const auto& [name, target] :
       {std::pair{"id", &prompt.id}, std::pair{"content_type", &prompt.content_type},
        std::pair{"prompt", &prompt.prompt}}) {
    ASSIGN_OR_RETURN(std::string text, TextField(row, name));
    *target = std::move(text);
  }
  for (const auto& [name, target] :
       {std::pair{"system", &prompt.system}, std::pair{"reference", &prompt.reference},
        std::pair{"cluster", &prompt.cluster}}) {
    RETURN_IF_ERROR(OptionalText(row, name, target));
  }
  RETURN_IF_ERROR(ReadConstraints(row, &prompt.constraints));
  return prompt;
}

std::vector<std::string> ContentTypes(const std::vector<EvaluationPrompt>& prompts) {
  std::vector<std::string> types;
  for (const EvaluationPrompt& prompt : prompts) {
    if (std::find(types.begin(), types.end(), prompt.content_type) == types.end()) {
      types.push_back(prompt.content_type);
    }
  }
  return types;
}

}  // namespace

absl::StatusOr<std::vector<EvaluationPrompt>> LoadPrompts(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    if (!std::filesystem::exists(path, error)) {
      return absl::NotFoundError(absl::StrCat(path, ": the prompt file does not exist"));
    }
    return absl::InvalidArgumentError(absl::StrCat(path, ": is not a regular file"));
  }
  const uintmax_t size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) return absl::PermissionDeniedError(absl::StrCat(path, ": cannot be read"));
  if (size > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": is ", size, " bytes; a prompt set may be at most ", kMaxFileBytes, " bytes"));
  }
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(size));
  if (file.bad()) return absl::DataLossError(absl::StrCat(path, ": reading failed"));
  text.resize(static_cast<size_t>(file.gcount()));
  return ParsePrompts(text, path);
}

absl::StatusOr<std::vector<EvaluationPrompt>> ParsePrompts(std::string_view jsonl,
                                                           const std::string& path) {
  std::vector<EvaluationPrompt> prompts;
  std::unordered_map<std::string, int> line_of_id;
  int number = 0;
  absl::string_view rest(jsonl.data(), jsonl.size());
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const absl::string_view line = absl::StripAsciiWhitespace(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.empty()) continue;
    absl::StatusOr<EvaluationPrompt> prompt = ParseRow(line);
    if (!prompt.ok()) return LineError(path, number, prompt.status().message());
    const auto [seen, added] = line_of_id.emplace(prompt->id, number);
    if (!added) {
      return LineError(
          path, number,
          absl::StrCat("id: '", prompt->id, "' is duplicated (first in line ", seen->second, ")"));
    }
    prompts.push_back(*std::move(prompt));
  }
  if (prompts.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": has no prompts; give at least one"));
  }
  return prompts;
}

const std::vector<EvaluationPrompt>& BuiltInPrompts() {
  // The set is never destroyed, because other static objects may read it at exit. value() cannot
  // fail, because a test parses the same bytes.
  static const auto* prompts = new std::vector<EvaluationPrompt>(
      ParsePrompts(kBuiltInPromptsJsonl, "evaluator/plan/data/prompts.jsonl").value());
  return *prompts;
}

absl::StatusOr<std::vector<EvaluationPrompt>> SelectPrompts(
    const std::vector<EvaluationPrompt>& all, const std::vector<std::string>& content_types,
    int per_type) {
  if (per_type < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("prompts_per_type: ", per_type, " is negative; give 0 for all"));
  }
  const std::vector<std::string> known = ContentTypes(all);
  const std::unordered_set<std::string> requested(content_types.begin(), content_types.end());
  for (const std::string& type : content_types) {
    if (std::find(known.begin(), known.end(), type) == known.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("content_types: the prompt set has no ", QuotedName(type), "; ",
                       DidYouMean(type, known), "it has ", absl::StrJoin(known, ", ")));
    }
  }
  std::vector<EvaluationPrompt> selected;
  std::unordered_map<std::string, int> selected_by_type;
  for (const EvaluationPrompt& prompt : all) {
    if (!requested.empty() && !requested.contains(prompt.content_type)) continue;
    if (per_type > 0 && selected_by_type[prompt.content_type] == per_type) continue;
    ++selected_by_type[prompt.content_type];
    selected.push_back(prompt);
  }
  return selected;
}

}  // namespace assay::evaluator
