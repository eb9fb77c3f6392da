// Reads prompts and tasks from JSONL files, tables and data sets.
#include "client/input/prompts_file.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "client/input/hub_dataset.h"
#include "client/input/jsonl_file.h"
#include "client/tables/row_sample.h"
#include "nlohmann/json.hpp"

namespace assay::client {
namespace {

using Json = nlohmann::json;

// The server's limit of EvaluateRequest.prompt_source.
constexpr size_t kMaxSourceBytes = 256;

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

// The chosen rows of a file or data set.
struct PromptRows {
  struct Row {
    // "file:12" or "file: row 12".
    std::string place;
    std::string default_id;
    Json object;
  };
  std::vector<Row> rows;
  // The number of rows before the choice.
  int64_t total = 0;
  std::string source;
};

absl::Status At(const std::string& place, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat(place, ": ", status.message()));
}

// Returns the objects of a file, with their places.
absl::Status AddObjects(const std::string& path, std::vector<PromptRows::Row>* rows) {
  if (path.ends_with(".json")) {
    ASSIGN_OR_RETURN(const std::string text, ReadLimited(path));
    const Json list = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    // Files named .json often have one object per line.
    if (list.is_array()) {
      for (const Json& object : list) {
        rows->push_back(
            {.place = absl::StrCat(path, ": row ", rows->size() + 1), .object = object});
        if (!object.is_object()) {
          return At(rows->back().place, absl::InvalidArgumentError("not a JSON object"));
        }
      }
      return absl::OkStatus();
    }
  }
  return ReadJsonl(path, [&](const Json& object, size_t line) {
    rows->push_back({.place = absl::StrCat(path, ":", line), .object = object});
    return absl::OkStatus();
  });
}

std::vector<std::string> KeysOf(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

absl::StatusOr<PromptRows> ReadJsonRows(const std::vector<std::string>& paths, bool is_dataset,
                                        const PromptsOptions& options) {
  PromptRows result;
  std::vector<PromptRows::Row> all;
  for (const std::string& path : paths) RETURN_IF_ERROR(AddObjects(path, &all));
  result.total = static_cast<int64_t>(all.size());
  for (const int64_t i : SampleRows(result.total, options.choice.limit, options.choice.seed)) {
    PromptRows::Row& row = result.rows.emplace_back(std::move(all[static_cast<size_t>(i)]));
    // The own format of prompts: no id is made up, and nothing is looked up.
    if (!is_dataset && options.columns.empty() && !row.object.contains("messages")) continue;
    row.default_id = absl::StrCat("row-", i + 1);
    absl::StatusOr<std::vector<PromptPart>> parts = FindParts(options.columns, KeysOf(row.object));
    if (!parts.ok()) return At(row.place, parts.status());
    absl::StatusOr<Json> object = PromptObject(*parts, row.object);
    if (!object.ok()) return At(row.place, object.status());
    row.object = *std::move(object);
  }
  return result;
}

absl::StatusOr<PromptRows> ReadTable(const std::vector<std::string>& paths,
                                     const PromptsOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<TableColumn> columns, ReadTableColumns(paths.front()));
  std::vector<std::string> names;
  for (const TableColumn& column : columns) names.push_back(column.name);
  const absl::StatusOr<std::vector<PromptPart>> parts = FindParts(options.columns, names);
  if (!parts.ok()) return At(paths.front(), parts.status());
  std::set<std::string> needed;
  for (const PromptPart& part : *parts) needed.insert(part.column);
  ASSIGN_OR_RETURN(TableRows table,
                   ReadTableRows(paths, {needed.begin(), needed.end()}, options.choice));
  PromptRows result{.total = table.total};
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const TableRow& row = table.rows[i];
    const std::string place = absl::StrCat(paths.at(row.file), ": row ", row.number);
    absl::StatusOr<Json> object = PromptObject(*parts, table.values[i]);
    if (!object.ok()) return At(place, object.status());
    const std::string file = paths.size() == 1 ? "" : absl::StrCat("file-", row.file + 1, "-");
    result.rows.push_back({.place = place,
                           .default_id = absl::StrCat(file, "row-", row.number),
                           .object = *std::move(object)});
  }
  return result;
}

absl::StatusOr<PromptRows> ReadPromptRows(const std::vector<std::string>& paths, bool is_dataset,
                                          const PromptsOptions& options) {
  return TableFormat(paths.front()).empty() ? ReadJsonRows(paths, is_dataset, options)
                                            : ReadTable(paths, options);
}

// Returns the `source` that all rows state. Empty: they do not, or state different ones.
std::string StatedSource(const std::vector<PromptRows::Row>& rows) {
  std::string source;
  for (const PromptRows::Row& row : rows) {
    const auto found = row.object.find("source");
    if (found == row.object.end() || !found->is_string()) return "";
    if (source.empty()) source = found->get<std::string>();
    if (source != found->get<std::string>()) return "";
  }
  return source;
}

absl::StatusOr<PromptSet> ToPromptSet(const std::string& name, PromptRows& rows,
                                      const PromptsOptions& options) {
  if (rows.rows.empty()) return absl::InvalidArgumentError(absl::StrCat(name, ": has no prompts"));
  PromptSet set;
  std::unordered_map<std::string, std::string> place_of_id;
  for (PromptRows::Row& row : rows.rows) {
    Json& object = row.object;
    if (!row.default_id.empty() && !object.contains("id")) object["id"] = row.default_id;
    if (!options.content_type.empty() && !object.contains("content_type")) {
      object["content_type"] = options.content_type;
    }
    if (!row.default_id.empty() && !object.contains("content_type")) {
      return At(row.place,
                absl::InvalidArgumentError(
                    "has no content type; name the column with --content-type-column, or "
                    "give all rows one type with --content-type TYPE"));
    }
    absl::StatusOr<v1::EvaluationPrompt> prompt = ReadPrompt(object);
    if (!prompt.ok()) return At(row.place, prompt.status());
    const auto [first, inserted] = place_of_id.emplace(prompt->id(), row.place);
    if (!inserted) {
      return At(row.place, absl::InvalidArgumentError(absl::StrCat(
                               "the id \"", prompt->id(), "\" is a duplicate of ", first->second)));
    }
    set.prompts.push_back(*std::move(prompt));
  }
  std::string choice;
  if (static_cast<int64_t>(rows.rows.size()) < rows.total) {
    choice = absl::StrCat(" (random ", rows.rows.size(), " of ", rows.total, ", seed ",
                          options.choice.seed, ")");
  }
  set.source =
      absl::StrCat(std::string(Utf8Prefix(rows.source, kMaxSourceBytes - choice.size())), choice);
  return set;
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

absl::StatusOr<PromptSet> ReadPrompts(const std::string& source, const PromptsOptions& options) {
  PromptRows rows;
  if (IsDatasetReference(source)) {
    ASSIGN_OR_RETURN(DatasetFiles files, FindDataset(source, DatasetCachesFromEnvironment()));
    ASSIGN_OR_RETURN(rows, ReadPromptRows(files.paths, /*is_dataset=*/true, options));
    rows.source = std::move(files.name);
  } else {
    ASSIGN_OR_RETURN(rows, ReadPromptRows({source}, /*is_dataset=*/false, options));
    const std::string stated = StatedSource(rows.rows);
    rows.source = stated.empty() ? std::filesystem::path(source).filename().string() : stated;
  }
  return ToPromptSet(source, rows, options);
}

absl::StatusOr<std::vector<v1::MultipleChoiceItem>> ReadItemsFile(const std::string& path) {
  return ReadRows<v1::MultipleChoiceItem>(path, "items", ReadItem);
}

}  // namespace assay::client
