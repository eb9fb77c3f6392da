// JSON files of a model's folder.
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
#include "engine/formats/mapped_file.h"
#include "engine/formats/quoted.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 64;
constexpr size_t kShownBytes = 60;

// Appends what the value is in JSON, at least its first kShownBytes bytes.
void AppendBeginning(const Json& value, std::string* out) {
  const auto append = [out](const Json& whole) {
    *out += whole.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  };
  const auto append_text = [&append](const std::string& text) {
    // A character that is cut lies behind what is shown.
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
    AppendBeginning(item, out);
  }
  if (value.empty()) *out += separator;
  *out += value.is_array() ? "]" : "}";
}

// Looked for before parsing: the parser has no limit, and keeps a pointer for each open bracket.
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

// Of the byte at which the parser gave up, which it counts from 1.
absl::Status InvalidJson(std::string_view text, size_t byte) {
  const std::string_view before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const size_t last_line = before.rfind('\n') + 1;
  return absl::DataLossError(absl::StrCat(
      "not valid JSON: line ", std::count(before.begin(), before.end(), '\n') + 1, ", column ",
      before.size() - last_line + 1, byte > text.size() ? ", where it ends too early" : ""));
}

}  // namespace

absl::StatusOr<Json> ParseJsonObject(std::string_view text, RepeatedKeys repeated_keys) {
  if (NestsTooDeep(text)) {
    return absl::DataLossError(absl::StrCat("JSON nested deeper than ", kMaxDepth));
  }
  absl::flat_hash_set<std::string> keys;
  std::string repeated;
  const auto watch_keys = [&](int depth, Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::key && depth == 1 &&
        !keys.insert(value.get_ref<const std::string&>()).second) {
      repeated = Quoted(value.get_ref<const std::string&>());
    }
    return true;
  };
  const bool watched = repeated_keys == RepeatedKeys::kRefused;
  Json json;
  try {
    json = Json::parse(text,
                       watched ? Json::parser_callback_t(watch_keys) : Json::parser_callback_t());
  } catch (const Json::parse_error& error) {
    return InvalidJson(text, error.byte);
  } catch (const Json::out_of_range&) {
    return absl::DataLossError("not valid JSON: it has a number beyond what a double holds");
  }
  if (!json.is_object()) return absl::DataLossError("not a JSON object");
  if (!repeated.empty()) return absl::DataLossError(absl::StrCat(repeated, " stands twice"));
  return json;
}

absl::StatusOr<Json> ReadJsonFile(const std::string& path, int64_t max_bytes) {
  const absl::StatusOr<std::unique_ptr<MappedFile>> file = MappedFile::Open(path);
  // Empty, as an interrupted download leaves it.
  if (absl::IsInvalidArgument(file.status())) return absl::DataLossError(file.status().message());
  if (!file.ok()) return file.status();
  const absl::Span<const std::byte> bytes = (*file)->bytes();
  if (static_cast<int64_t>(bytes.size()) > max_bytes) {
    return absl::DataLossError(
        absl::StrCat(path, ": ", bytes.size(), " bytes are more than the ", max_bytes, " read"));
  }
  absl::StatusOr<Json> json =
      ParseJsonObject({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (json.ok()) return json;
  return absl::Status(json.status().code(), absl::StrCat(path, ": ", json.status().message()));
}

std::string ShortJson(const Json& value) {
  std::string text;
  AppendBeginning(value, &text);
  if (text.size() > kShownBytes) text = text.substr(0, kShownBytes) + "...";
  return text;
}

}  // namespace assay::engine
