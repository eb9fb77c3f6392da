// Reads JSONL files of prompts and tasks.
#include "client/input/prompts_file.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/input/jsonl_file.h"
#include "nlohmann/json.hpp"

namespace assay::client {
namespace {

using Json = nlohmann::json;

absl::Status Wrong(const char* field, const char* rule) {
  return absl::InvalidArgumentError(absl::StrCat("\"", field, "\" must be ", rule));
}

bool IsStrings(const Json& value) {
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const Json& item) { return item.is_string(); });
}

// True for whole numbers that fit an int32; JSON also has 1.5 and 1e99.
bool IsCount(const Json& value) {
  return value.is_number_unsigned() &&
         value.get<uint64_t>() <= uint64_t{std::numeric_limits<int32_t>::max()};
}

absl::Status ReadConstraints(const Json& object, v1::EvaluationPrompt* prompt) {
  const auto found = object.find("constraints");
  if (found == object.end()) return absl::OkStatus();
  if (!found->is_object()) return Wrong("constraints", "an object");
  for (const auto& [key, value] : found->items()) {
    if (key == "max_chars") {
      if (!IsCount(value)) return Wrong("constraints.max_chars", "a whole number, not negative");
      prompt->set_max_characters(value.get<int32_t>());
    } else if (key == "must_include") {
      if (!IsStrings(value)) return Wrong("constraints.must_include", "a list of strings");
      for (const Json& word : value) prompt->add_must_include(word.get<std::string>());
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("\"constraints.", key,
                       "\" is not a constraint; the constraints are max_chars and must_include"));
    }
  }
  return absl::OkStatus();
}

// Reads string fields and keeps the first error.
class StringReader {
 public:
  explicit StringReader(const Json& object) : object_(object) {}

  std::string Read(const char* name, bool required) {
    if (!status_.ok()) return "";
    absl::StatusOr<std::string> value = StringField(object_, name, required);
    if (value.ok()) return *std::move(value);
    status_ = value.status();
    return "";
  }
  const absl::Status& status() const { return status_; }

 private:
  const Json& object_;
  absl::Status status_;
};

absl::StatusOr<v1::EvaluationPrompt> ReadPrompt(const Json& object) {
  StringReader reader(object);
  v1::EvaluationPrompt prompt;
  prompt.set_id(reader.Read("id", true));
  prompt.set_content_type(reader.Read("content_type", true));
  prompt.set_prompt(reader.Read("prompt", true));
  prompt.set_system(reader.Read("system", false));
  prompt.set_reference(reader.Read("reference", false));
  prompt.set_cluster(reader.Read("cluster", false));
  if (!reader.status().ok()) return reader.status();
  RETURN_IF_ERROR(ReadConstraints(object, &prompt));
  return prompt;
}

absl::StatusOr<v1::MultipleChoiceItem> ReadItem(const Json& object) {
  StringReader reader(object);
  v1::MultipleChoiceItem item;
  item.set_id(reader.Read("id", true));
  item.set_context(reader.Read("context", false));
  if (!reader.status().ok()) return reader.status();
  const auto choices = object.find("choices");
  if (choices == object.end() || !IsStrings(*choices)) return Wrong("choices", "a list of strings");
  for (const Json& choice : *choices) item.add_choices(choice.get<std::string>());
  const auto answer = object.find("answer");
  if (answer == object.end() || !IsCount(*answer)) {
    return Wrong("answer", "the index of the right choice, from 0");
  }
  item.set_answer(answer->get<int32_t>());
  return item;
}

// Reads every line with `read`. Ids must be unique.
template <typename Row>
absl::StatusOr<std::vector<Row>> ReadRows(const std::string& path, const char* what,
                                          absl::StatusOr<Row> (*read)(const Json&)) {
  std::vector<Row> rows;
  std::unordered_map<std::string, size_t> line_of_id;
  RETURN_IF_ERROR(ReadJsonl(path, [&](const Json& object, size_t line) -> absl::Status {
    ASSIGN_OR_RETURN(Row row, read(object));
    const auto [first, inserted] = line_of_id.emplace(row.id(), line);
    if (!inserted) {
      return absl::InvalidArgumentError(
          absl::StrCat("the id \"", row.id(), "\" is a duplicate of line ", first->second));
    }
    rows.push_back(std::move(row));
    return absl::OkStatus();
  }));
  if (rows.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": has no ", what));
  return rows;
}

}  // namespace

absl::StatusOr<std::vector<v1::EvaluationPrompt>> ReadPromptsFile(const std::string& path) {
  return ReadRows<v1::EvaluationPrompt>(path, "prompts", ReadPrompt);
}

absl::StatusOr<std::vector<v1::MultipleChoiceItem>> ReadItemsFile(const std::string& path) {
  return ReadRows<v1::MultipleChoiceItem>(path, "items", ReadItem);
}

}  // namespace assay::client
