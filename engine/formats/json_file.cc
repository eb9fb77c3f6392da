// Parses JSON files with limits.
#include "engine/formats/json_file.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/formats/mapped_file.h"
#include "engine/formats/quoted.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 64;
constexpr size_t kShownBytes = 60;

// Appends the value as JSON, at least its first kShownBytes bytes.
void AppendStart(const Json& value, std::string* out) {
  const auto append = [out](const Json& whole) {
    *out += whole.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  };
  const auto append_text = [&append](const std::string& text) {
    // The margin keeps a cut character out of the shown bytes.
    constexpr size_t kMaxCharacterBytes = 4;
    append(text.substr(0, kShownBytes + kMaxCharacterBytes));
  };
  if (value.is_string()) return append_text(value.get_ref<const std::string&>());
  if (!value.is_structured()) return append(value);
  const char* separator = value.is_array() ? "[" : "{";
  for (const auto& [key, item] : value.items()) {
    if (out->size() > kShownBytes) return;
    *out += separator;
    separator = ",";
    if (value.is_object()) {
      append_text(key);
      *out += ":";
    }
    AppendStart(item, out);
  }
  if (value.empty()) *out += separator;
  *out += value.is_array() ? "]" : "}";
}

// Runs before the parser, which has no limit and stores a pointer for each open bracket.
bool NestsTooDeep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      in_string = c != '"';
      if (c == '\\') ++i;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

// Returns the error for the byte at which the parser stopped. The parser counts bytes from 1.
absl::Status InvalidJson(std::string_view text, size_t byte) {
  const std::string_view before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const size_t last_line = before.rfind('\n') + 1;
  return absl::DataLossError(absl::StrCat(
      "not valid JSON: line ", std::count(before.begin(), before.end(), '\n') + 1, ", column ",
      before.size() - last_line + 1, byte > text.size() ? ", where the text ends early" : ""));
}

absl::StatusOr<Json> Parse(std::string_view text, DuplicateKeys duplicate_keys) {
  if (NestsTooDeep(text)) {
    return absl::DataLossError(absl::StrCat("JSON nested deeper than ", kMaxDepth));
  }
  absl::flat_hash_set<std::string> keys;
  std::string duplicate;
  const auto watch_keys = [&](int depth, Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::key && depth == 1 &&
        !keys.insert(value.get_ref<const std::string&>()).second) {
      duplicate = Quoted(value.get_ref<const std::string&>());
    }
    return true;
  };
  const bool watched = duplicate_keys == DuplicateKeys::kRefused;
  Json json;
  try {
    json = Json::parse(text,
                       watched ? Json::parser_callback_t(watch_keys) : Json::parser_callback_t());
  } catch (const Json::parse_error& error) {
    return InvalidJson(text, error.byte);
  } catch (const Json::out_of_range&) {
    return absl::DataLossError("not valid JSON: a number exceeds the range of a double");
  }
  if (!duplicate.empty()) return absl::DataLossError(absl::StrCat(duplicate, " is duplicated"));
  return json;
}

absl::StatusOr<Json> ParseArray(std::string_view text) {
  ASSIGN_OR_RETURN(Json json, Parse(text, DuplicateKeys::kLastWins));
  if (!json.is_array()) return absl::DataLossError("not a JSON array");
  return json;
}

// Reads a file and returns parse(text).
template <typename ParseText>
absl::StatusOr<Json> ReadFile(const std::string& path, int64_t max_bytes, const ParseText& parse) {
  const absl::StatusOr<std::unique_ptr<MappedFile>> file = MappedFile::Open(path);
  // An interrupted download leaves an empty file.
  if (absl::IsInvalidArgument(file.status())) return absl::DataLossError(file.status().message());
  if (!file.ok()) return file.status();
  const absl::Span<const std::byte> bytes = (*file)->bytes();
  if (static_cast<int64_t>(bytes.size()) > max_bytes) {
    return absl::DataLossError(
        absl::StrCat(path, ": has ", bytes.size(), " bytes; the limit is ", max_bytes));
  }
  absl::StatusOr<Json> json =
      parse(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  if (!json.ok()) return Annotate(json.status(), path);
  return json;
}

}  // namespace

absl::StatusOr<Json> ParseJsonObject(std::string_view text, DuplicateKeys duplicate_keys) {
  ASSIGN_OR_RETURN(Json json, Parse(text, duplicate_keys));
  if (!json.is_object()) return absl::DataLossError("not a JSON object");
  return json;
}

absl::StatusOr<Json> ReadJsonFile(const std::string& path, int64_t max_bytes) {
  return ReadFile(path, max_bytes, [](std::string_view text) { return ParseJsonObject(text); });
}

absl::StatusOr<Json> ReadJsonArrayFile(const std::string& path, int64_t max_bytes) {
  return ReadFile(path, max_bytes, ParseArray);
}

std::string ShortJson(const Json& value) {
  std::string text;
  AppendStart(value, &text);
  if (text.size() > kShownBytes) text = text.substr(0, kShownBytes) + "...";
  return text;
}

}  // namespace assay::engine
