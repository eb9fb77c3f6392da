// The methods of strings that fill, strip and translate.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/builtins/string_methods.h"
#include "engine/jinja/values/index.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/strings.h"

namespace assay::jinja {
namespace {

constexpr size_t kMaxStripBytes = 256;

// Returns `times` copies of a character, or an error for a string that is too long.
absl::StatusOr<std::string> Fill(const std::string& character, int64_t times) {
  if (times > static_cast<int64_t>(kMaxStringBytes / character.size())) return StringTooLong();
  std::string out;
  for (int64_t i = 0; i < times; ++i) out += character;
  return out;
}

// Reads the argument `width`, which must fit into 64 bits.
absl::StatusOr<int64_t> ReadWidth(const BoundArguments& bound) {
  RETURN_IF_ERROR(bound.GetInteger("width", 0).status());
  return bound.GetClamped("width", 0);
}

// Python's center() puts the odd space to the left if the width is odd.
int64_t LeftMargin(std::string_view name, int64_t missing, int64_t width) {
  if (name == "rjust" || missing <= 0) return missing;
  return name == "ljust" ? 0 : missing / 2 + (missing & width & 1);
}

Result Justify(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"width", "fill"}, 1));
  ASSIGN_OR_RETURN(const int64_t width, ReadWidth(bound));
  ASSIGN_OR_RETURN(const std::string plain, bound.GetString("fill", " "));
  ASSIGN_OR_RETURN(const std::string fill, call.GetEscaped(bound, "fill", " "));
  if (CountCharacters(plain) != 1 || fill.size() != plain.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(call.name), "() needs one character to fill with"));
  }
  const int64_t missing = width - CountCharacters(call.text);
  if (missing <= 0) return call.Make(std::string(call.text));
  const int64_t left = LeftMargin(call.name, missing, width);
  ASSIGN_OR_RETURN(const std::string before, Fill(fill, left));
  ASSIGN_OR_RETURN(const std::string after, Fill(fill, missing - left));
  RETURN_IF_ERROR(call.run.budget().SpendBytes(before.size() + after.size()));
  if (before.size() + call.text.size() + after.size() > kMaxStringBytes) return StringTooLong();
  return call.Make(absl::StrCat(before, std::string(call.text), after));
}

Result ZeroFill(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"width"}, 1));
  ASSIGN_OR_RETURN(const int64_t width, ReadWidth(bound));
  const int64_t missing = width - CountCharacters(call.text);
  std::string text(call.text);
  if (missing <= 0) return call.Make(std::move(text));
  ASSIGN_OR_RETURN(const std::string zeros, Fill("0", missing));
  RETURN_IF_ERROR(call.run.budget().SpendBytes(zeros.size()));
  const bool has_sign = !text.empty() && (text[0] == '+' || text[0] == '-');
  text.insert(has_sign ? 1 : 0, zeros);
  return call.Make(std::move(text));
}

Result ExpandTabs(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BoundArguments::Bind(call.name, call.arguments, {"tabsize"}));
  ASSIGN_OR_RETURN(const int64_t size, bound.GetInteger("tabsize", 8));
  std::string out;
  int64_t column = 0;
  for (size_t at = 0; at < call.text.size();) {
    const size_t bytes = NextUtf8(call.text.substr(at)).bytes;
    const char c = call.text[at];
    if (c == '\t') {
      const int64_t spaces = size > 0 ? size - column % size : 0;
      ASSIGN_OR_RETURN(const std::string fill, Fill(" ", spaces));
      out += fill;
      column += spaces;
    } else {
      out += call.text.substr(at, bytes);
      column = c == '\n' || c == '\r' ? 0 : column + 1;
    }
    if (out.size() > kMaxStringBytes) return StringTooLong();
    at += bytes;
  }
  RETURN_IF_ERROR(call.run.budget().SpendBytes(out.size()));
  return call.Make(std::move(out));
}

Result Strip(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"chars"}));
  const Value* chars = bound.Get("chars");
  if (chars != nullptr && !chars->IsNone() && chars->AsString() == nullptr) {
    return TypeError(absl::StrCat(std::string(call.name), "()"), "a string", *chars);
  }
  const std::string* set = chars == nullptr ? nullptr : chars->AsString();
  if (set != nullptr) {
    RETURN_IF_ERROR(call.run.budget().SpendBytes(call.text.size() * 8 + set->size()));
    if (set->size() > kMaxStripBytes) {
      return absl::InvalidArgumentError(absl::StrCat(std::string(call.name), "() of ", set->size(),
                                                     " bytes; at most ", kMaxStripBytes));
    }
  }
  return call.Make(
      std::string(StripString(call.text, set, call.name != "rstrip", call.name != "lstrip")));
}

// Appends the replacement of a character: an integer is a character, None is nothing.
absl::Status AppendReplacement(const Value& value, std::string* out) {
  int64_t code = 0;
  if (value.IsNone()) return absl::OkStatus();
  if (const auto* text = value.AsString()) {
    *out += *text;
    return absl::OkStatus();
  }
  if (!AsInteger(value, &code) || code < 0 || code >= 0x110000 ||
      (code >= 0xD800 && code < 0xE000)) {
    return TypeError("translate()", "a character, a string or None", value);
  }
  AppendUtf8(static_cast<uint32_t>(code), out);
  return absl::OkStatus();
}

Result Translate(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"table"}, 1));
  const Value& table = *bound.Get("table");
  const Sequence* sequence = table.AsSequence();
  const bool indexable = table.AsMap() != nullptr || table.AsString() != nullptr ||
                         (sequence != nullptr && sequence->IsIndexable());
  std::string out;
  for (size_t at = 0; at < call.text.size();) {
    RETURN_IF_ERROR(call.run.budget().Spend(1));
    if (!indexable) return TypeError("translate()", "a table that can be indexed", table);
    const Utf8Step step = NextUtf8(call.text.substr(at));
    ASSIGN_OR_RETURN(const std::optional<Value> found,
                     FindItem(table, Value{int64_t{step.code_point}}, call.run.budget()));
    if (found.has_value()) {
      RETURN_IF_ERROR(AppendReplacement(*found, &out));
    } else {
      out += call.text.substr(at, step.bytes);
    }
    if (out.size() > kMaxStringBytes) return StringTooLong();
    at += step.bytes;
  }
  return call.Make(std::move(out));
}

Result TableOfMap(const Value& given) {
  const Map* map = given.AsMap();
  if (map == nullptr) return TypeError("maketrans()", "a dictionary", given);
  Map table;
  for (const auto& [key, value] : map->entries()) {
    const std::string* text = key.AsString();
    if (text != nullptr && CountCharacters(*text) != 1) {
      return absl::InvalidArgumentError("maketrans(): a key must be one character");
    }
    if (text == nullptr && !key.IsInteger()) return TypeError("maketrans()", "characters", key);
    RETURN_IF_ERROR(
        table.Set(text == nullptr ? key : Value{int64_t{NextUtf8(*text).code_point}}, value));
  }
  return MakeMap(std::move(table));
}

Result MakeTable(const StringCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"x", "y", "z"}, 1));
  if (bound.Get("y") == nullptr) return TableOfMap(*bound.Get("x"));
  ASSIGN_OR_RETURN(const std::string from, bound.GetString("x", ""));
  ASSIGN_OR_RETURN(const std::string to, bound.GetString("y", ""));
  ASSIGN_OR_RETURN(const std::string removed, bound.GetString("z", ""));
  if (CountCharacters(from) != CountCharacters(to)) {
    return absl::InvalidArgumentError("maketrans() needs two strings of the same length");
  }
  RETURN_IF_ERROR(
      call.run.budget().Spend(static_cast<int64_t>(from.size() + to.size() + removed.size())));
  Map table;
  std::string_view rest = to;
  for (size_t at = 0; at < from.size();) {
    const Utf8Step step = NextUtf8(std::string_view(from).substr(at));
    const Utf8Step target = NextUtf8(rest);
    RETURN_IF_ERROR(table.Set(Value{int64_t{step.code_point}}, Value{int64_t{target.code_point}}));
    rest.remove_prefix(target.bytes);
    at += step.bytes;
  }
  for (size_t at = 0; at < removed.size();) {
    const Utf8Step step = NextUtf8(std::string_view(removed).substr(at));
    RETURN_IF_ERROR(table.Set(Value{int64_t{step.code_point}}, Value::None()));
    at += step.bytes;
  }
  return MakeMap(std::move(table));
}

}  // namespace

const StringMethods& LayoutMethods() {
  static const auto* const kMethods = new StringMethods{
      {"ljust", Justify},         {"rjust", Justify},      {"center", Justify}, {"zfill", ZeroFill},
      {"expandtabs", ExpandTabs}, {"strip", Strip},        {"lstrip", Strip},   {"rstrip", Strip},
      {"translate", Translate},   {"maketrans", MakeTable}};
  return *kMethods;
}

}  // namespace assay::jinja
