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
// The largest tokenizer.json, Gemma's, has about 2 million.
constexpr int64_t kMaxValues = 4'000'000;
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

// Checks the limits of depth and of values before the parser runs, which has none, stores a pointer
// for each open bracket and makes an object of up to 100 bytes for each value.
absl::Status CheckLimits(std::string_view text) {
  int depth = 0;
  int64_t values = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      in_string = c != '"';
      if (c == '\\') ++i;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      ++values;
      if (++depth > kMaxDepth) {
        return absl::DataLossError(absl::StrCat("JSON nested deeper than ", kMaxDepth));
      }
    } else if (c == ',') {
      ++values;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  if (values <= kMaxValues) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("JSON of ", values, " values; the limit is ", kMaxValues));
}

// Finds a duplicate key of the outermost object. The parser's own callbacks take time that grows
// with the square of the number of keys.
class DuplicateFinder : public nlohmann::json_sax<Json> {
 public:
  // Returns an empty string if there is none.
  std::string Find(std::string_view text) && {
    // The parser has accepted the text.
    Json::sax_parse(text, this);
    return std::move(duplicate_);
  }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return Enter(1); }
  bool end_object() override { return Enter(-1); }
  bool start_array(std::size_t) override { return Enter(1); }
  bool end_array() override { return Enter(-1); }
  bool key(string_t& key) override {
    if (depth_ != 1 || keys_.insert(key).second) return true;
    duplicate_ = Quoted(key);
    return false;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    return false;
  }

 private:
  bool Enter(int levels) {
    depth_ += levels;
    return true;
  }

  int depth_ = 0;
  absl::flat_hash_set<std::string> keys_;
  std::string duplicate_;
};

// Returns the error for the byte at which the parser stopped. The parser counts bytes from 1.
absl::Status InvalidJson(std::string_view text, size_t byte) {
  const std::string_view before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const size_t last_line = before.rfind('\n') + 1;
  return absl::DataLossError(absl::StrCat(
      "not valid JSON: line ", std::count(before.begin(), before.end(), '\n') + 1, ", column ",
      before.size() - last_line + 1, byte > text.size() ? ", where the text ends early" : ""));
}

absl::StatusOr<Json> Parse(std::string_view text, DuplicateKeys duplicate_keys) {
  RETURN_IF_ERROR(CheckLimits(text));
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    return InvalidJson(text, error.byte);
  } catch (const Json::out_of_range&) {
    return absl::DataLossError("not valid JSON: a number exceeds the range of a double");
  }
  if (duplicate_keys == DuplicateKeys::kLastWins) return json;
  const std::string duplicate = DuplicateFinder().Find(text);
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
  RETURN_IF_ERROR(Annotate((*file)->CheckUnchanged(), path));
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
