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
#include "engine/jinja/values/comparison.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/to_string.h"
#include "nlohmann/json.hpp"

namespace assay::jinja {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxDepth = 90;

// Builds a value from the events of the parser.
class JsonReader : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return Add(Value::None()); }
  bool boolean(bool value) override { return Add(Value{value}); }
  bool number_integer(number_integer_t value) override { return Add(Value{int64_t{value}}); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Add(Value{static_cast<int64_t>(value)});
    }
    return Add(ParseDigits(absl::StrCat(value), 10, false));
  }
  // The parser reports integers beyond 64 bits as floats, with their text.
  bool number_float(number_float_t value, const string_t& text) override {
    if (text.find_first_of(".eE") != std::string::npos) return Add(Value{value});
    const bool negative = text.starts_with('-');
    return Add(ParseDigits(std::string_view(text).substr(negative ? 1 : 0), 10, negative));
  }
  bool string(string_t& value) override { return Add(Value::String(std::move(value))); }
  bool binary(binary_t&) override { return false; }
  bool key(string_t& value) override {
    open_.back().keys.push_back(std::move(value));
    return true;
  }
  bool start_object(std::size_t) override { return Open(); }
  bool start_array(std::size_t) override { return Open(); }
  bool end_object() override {
    const Level level = Close();
    Map map;
    for (size_t i = 0; i < level.items.size(); ++i) {
      status_ = map.Set(Value::String(level.keys[i]), level.items[i]);
      if (!status_.ok()) return false;
    }
    return Add(MakeMap(std::move(map)));
  }
  bool end_array() override { return Add(MakeList(Close().items)); }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    constexpr int kNumberOverflow = 406;
    status_ = absl::InvalidArgumentError(
        error.id == kNumberOverflow ? "has a number beyond 1.8e308, the largest that is supported"
                                    : "is not JSON");
    return false;
  }

  Result Finish() && {
    if (!status_.ok()) return status_;
    return std::move(root_);
  }

 private:
  // The members of an array or an object that is not complete.
  struct Level {
    List items;
    std::vector<std::string> keys;
  };

  bool Open() {
    if (open_.size() >= kMaxDepth) {
      status_ =
          absl::InvalidArgumentError(absl::StrCat("nests deeper than ", kMaxDepth, " levels"));
      return false;
    }
    open_.emplace_back();
    return true;
  }

  Level Close() {
    Level level = std::move(open_.back());
    open_.pop_back();
    return level;
  }

  bool Add(Result value) {
    if (!value.ok()) {
      status_ = value.status();
      return false;
    }
    (open_.empty() ? root_ : open_.back().items.emplace_back()) = *std::move(value);
    return true;
  }

  absl::Status status_;
  Value root_;
  std::vector<Level> open_;
};

class JsonWriter {
 public:
  JsonWriter(const JsonStyle& style, Budget& budget) : style_(style), budget_(budget) {}

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
    } else if (value.IsInteger()) {
      ASSIGN_OR_RETURN(const std::string digits, IntegerToString(value));
      out_ += digits;
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
      AddEscape(c);
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

  // Returns the entries in the order in which they are written.
  absl::StatusOr<std::vector<const Map::Entry*>> Entries(const Map& map) {
    std::vector<const Map::Entry*> entries;
    for (const Map::Entry& entry : map.entries()) entries.push_back(&entry);
    if (!style_.sort_keys) return entries;
    absl::Status failed;
    std::stable_sort(entries.begin(), entries.end(), [&](const auto* a, const auto* b) {
      const absl::StatusOr<bool> less = ValueLess(a->first, b->first, budget_);
      if (!less.ok()) failed = less.status();
      return less.ok() && *less;
    });
    if (!failed.ok()) return failed;
    return entries;
  }

  absl::Status AddMap(const Map& map, int depth) {
    if (map.entries().empty()) {
      out_ += "{}";
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const std::vector<const Map::Entry*> entries, Entries(map));
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
  Budget& budget_;
  std::string out_;
};

}  // namespace

Result ReadJson(std::string_view text, std::string_view name) {
  const std::string prefix = absl::StrCat(std::string(name), ": ");
  if (text.size() > kMaxStringBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(prefix, "has ", text.size(), " bytes; at most ", kMaxStringBytes));
  }
  JsonReader reader;
  Json::sax_parse(text, &reader);
  Result value = std::move(reader).Finish();
  if (value.ok()) return value;
  return Annotate(value.status(), name);
}

absl::StatusOr<std::string> WriteJson(const Value& value, const JsonStyle& style, Budget& budget) {
  JsonWriter writer(style, budget);
  RETURN_IF_ERROR(writer.Add(value, 0));
  return std::move(writer).Finish();
}

}  // namespace assay::jinja
