// Converts between JSON and template values.
#include "engine/jinja/values/json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/values/to_string.h"
#include "nlohmann/json.hpp"

namespace assay::jinja {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 90;

Result FromJson(const Json& json) {
  if (json.is_null()) return Value::None();
  if (json.is_boolean()) return Value{json.get<bool>()};
  if (json.is_string()) return Value::String(json.get_ref<const std::string&>());
  if (json.is_number_unsigned() &&
      json.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return absl::InvalidArgumentError(
        absl::StrCat("number ", json.get<uint64_t>(), " is beyond 64 bits"));
  }
  if (json.is_number_integer()) return Value{json.get<int64_t>()};
  if (json.is_number_float()) return Value{json.get<double>()};
  if (json.is_array()) {
    List items;
    for (const Json& item : json) {
      ASSIGN_OR_RETURN(Value value, FromJson(item));
      items.push_back(std::move(value));
    }
    return MakeList(std::move(items));
  }
  Map map;
  for (auto it = json.begin(); it != json.end(); ++it) {
    ASSIGN_OR_RETURN(Value value, FromJson(it.value()));
    RETURN_IF_ERROR(map.Set(Value::String(it.key()), std::move(value)));
  }
  return MakeMap(std::move(map));
}

class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}

  absl::Status Add(const Value& value, int depth) {
    if (out_.size() > kMaxStringBytes) return StringTooLong();
    if (const auto* text = value.AsString()) {
      AddString(*text);
      return absl::OkStatus();
    }
    if (value.AsMap() != nullptr) return AddMap(*value.AsMap(), depth);
    const auto* sequence = value.AsSequence();
    if (sequence != nullptr && sequence->IsListOrTuple()) {
      return AddList(sequence->items, depth);
    }
    return AddScalar(value);
  }
  std::string Finish() && { return std::move(out_); }

 private:
  absl::Status AddScalar(const Value& value) {
    if (value.IsNone()) {
      out_ += "null";
    } else if (const auto* flag = value.As<bool>()) {
      out_ += *flag ? "true" : "false";
    } else if (const auto* number = value.As<int64_t>()) {
      out_ += absl::StrCat(*number);
    } else if (const auto* real = value.As<double>()) {
      AddFloat(*real);
    } else {
      return absl::InvalidArgumentError(absl::StrCat("tojson does not support ", TypeName(value)));
    }
    return absl::OkStatus();
  }

  void AddFloat(double value) {
    if (std::isnan(value)) {
      out_ += "NaN";
    } else if (std::isinf(value)) {
      out_ += value < 0 ? "-Infinity" : "Infinity";
    } else {
      out_ += ReprOfFloat(value);
    }
  }

  void AddEscape(uint32_t unit) {
    std::array<char, 8> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "\\u%04x", unit & 0xFFFF);
    out_ += buffer.data();
  }

  void AddString(std::string_view text) {
    out_ += '"';
    for (size_t at = 0; at < text.size();) {
      const Utf8Step step = NextUtf8(text.substr(at));
      AddCharacter(step, text.substr(at, step.bytes));
      at += step.bytes;
    }
    out_ += '"';
  }

  void AddCharacter(const Utf8Step& step, std::string_view bytes) {
    constexpr std::string_view kSpecial = "\"\\\n\r\t\b\f";
    constexpr std::string_view kLetters = "\"\\nrtbf";
    const uint32_t c = step.code_point;
    const size_t special = bytes.size() == 1 ? kSpecial.find(bytes[0]) : std::string_view::npos;
    if (special != std::string_view::npos) {
      out_ += {'\\', kLetters[special]};
    } else if (step.valid && (c < 0x20 || (style_.ensure_ascii && c > 0x7E && c < 0x10000))) {
      if (c == 0x7F) {
        out_ += bytes;
      } else {
        AddEscape(c);
      }
    } else if (step.valid && style_.ensure_ascii && c >= 0x10000) {
      AddEscape(0xD800 + ((c - 0x10000) >> 10));
      AddEscape(0xDC00 + ((c - 0x10000) & 0x3FF));
    } else {
      out_ += bytes;
    }
  }

  void NewLine(int depth) {
    if (!style_.indent.has_value()) return;
    out_ += '\n';
    for (int i = 0; i < depth; ++i) out_ += *style_.indent;
  }

  absl::Status AddList(const List& items, int depth) {
    if (items.empty()) {
      out_ += "[]";
      return absl::OkStatus();
    }
    out_ += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      NewLine(depth + 1);
      RETURN_IF_ERROR(Add(items[i], depth + 1));
    }
    NewLine(depth);
    out_ += ']';
    return absl::OkStatus();
  }

  absl::Status AddKey(const Value& key) {
    if (key.AsString() != nullptr) {
      AddString(*key.AsString());
      return absl::OkStatus();
    }
    out_ += '"';
    absl::Status status = AddScalar(key);
    out_ += '"';
    return status;
  }

  absl::Status AddMap(const Map& map, int depth) {
    if (map.entries().empty()) {
      out_ += "{}";
      return absl::OkStatus();
    }
    std::vector<const Map::Entry*> entries;
    for (const Map::Entry& entry : map.entries()) {
      if (style_.sort_keys && entry.first.AsString() == nullptr) {
        return absl::UnimplementedError(
            "tojson with sort_keys supports only keys that are strings");
      }
      entries.push_back(&entry);
    }
    if (style_.sort_keys) {
      std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) {
        return *a->first.AsString() < *b->first.AsString();
      });
    }
    out_ += '{';
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      NewLine(depth + 1);
      RETURN_IF_ERROR(AddKey(entries[i]->first));
      out_ += style_.key_separator;
      RETURN_IF_ERROR(Add(entries[i]->second, depth + 1));
    }
    NewLine(depth);
    out_ += '}';
    return absl::OkStatus();
  }

  const JsonStyle& style_;
  std::string out_;
};

}  // namespace

Result ReadJson(std::string_view text, std::string_view name) {
  const std::string prefix = absl::StrCat(std::string(name), ": ");
  if (text.size() > kMaxStringBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(prefix, "has ", text.size(), " bytes; at most ", kMaxStringBytes));
  }
  bool too_deep = false;
  const auto watch_depth = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  const Json json = Json::parse(text, watch_depth, /*allow_exceptions=*/false);
  if (too_deep) {
    return absl::InvalidArgumentError(
        absl::StrCat(prefix, "nests deeper than ", kMaxDepth, " levels"));
  }
  if (json.is_discarded()) return absl::InvalidArgumentError(absl::StrCat(prefix, "is not JSON"));
  Result value = FromJson(json);
  if (value.ok()) return value;
  return Annotate(value.status(), name);
}

absl::StatusOr<std::string> WriteJson(const Value& value, const JsonStyle& style) {
  JsonWriter writer(style);
  RETURN_IF_ERROR(writer.Add(value, 0));
  return std::move(writer).Finish();
}

}  // namespace assay::jinja
