// The filters of a template: the lookup, and the filters of strings.
#include "engine/jinja/builtins/filters.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/builtins/methods.h"
#include "engine/jinja/values/format.h"
#include "engine/jinja/values/json.h"
#include "engine/jinja/values/strings.h"
#include "engine/jinja/values/to_string.h"
#include "engine/unicode/casing.h"

namespace assay::jinja {
namespace {

constexpr int64_t kDefaultIndentation = 4;
constexpr int64_t kMaxIndentation = 1000;

// Converts the value to a string, which spends steps by its size.
absl::StatusOr<std::string> ReadString(const FilterCall& call) {
  ASSIGN_OR_RETURN(std::string text, ToString(call.value));
  RETURN_IF_ERROR(call.budget.SpendBytes(text.size()));
  return text;
}

// Jinja's title filter: a word begins after whitespace, a hyphen or an opening bracket.
std::string Title(std::string_view text) {
  const auto separates = [](char c) { return absl::StrContains("-({[< \t\n\r\f\v", c); };
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (separates(text[at])) {
      out += text[at++];
      continue;
    }
    size_t end = at;
    while (end < text.size() && !separates(text[end])) ++end;
    const size_t first = NextUtf8(text.substr(at)).bytes;
    out += unicode::ToUpper(text.substr(at, first));
    out += unicode::ToLower(text.substr(at + first, end - at - first));
    at = end;
  }
  return out;
}

Result Case(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {}));
  ASSIGN_OR_RETURN(const std::string text, ReadString(call));
  if (call.name == "upper") return Value::String(unicode::ToUpper(text));
  if (call.name == "lower") return Value::String(unicode::ToLower(text));
  if (call.name == "title") return Value::String(Title(text));
  return Value::String(unicode::Capitalize(text));
}

Result String(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {}));
  ASSIGN_OR_RETURN(std::string text, ReadString(call));
  return Value::String(std::move(text), call.value.IsMarkup());
}

Result Markup(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {}));
  ASSIGN_OR_RETURN(std::string text, ReadString(call));
  const bool escape = call.name != "safe" && (!call.value.IsMarkup() || call.name == "forceescape");
  return Value::String(escape ? EscapeHtml(text) : std::move(text), true);
}

Result Trim(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"chars"}));
  ASSIGN_OR_RETURN(const std::string text, ReadString(call));
  return CallMethod(Value::String(text), "strip",
                    {.positional = {bound.GetOr("chars", Value::None())}, .named = {}},
                    call.budget);
}

Result Replace(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"old", "new", "count"}, 2));
  ASSIGN_OR_RETURN(const std::string text, ReadString(call));
  ASSIGN_OR_RETURN(const std::string old, ToString(*bound.Get("old")));
  ASSIGN_OR_RETURN(const std::string with, ToString(*bound.Get("new")));
  const bool all = bound.GetOr("count", Value::None()).IsNone();
  ASSIGN_OR_RETURN(const int64_t limit, all ? int64_t{-1} : bound.GetInteger("count", -1));
  RETURN_IF_ERROR(call.budget.SpendSearch(text.size(), old.size()));
  ASSIGN_OR_RETURN(std::string replaced, ReplaceString(text, old, with, limit));
  return Value::String(std::move(replaced));
}

// Returns the indentation of one level: the string itself, or that many spaces.
absl::StatusOr<std::string> ReadIndentation(const Value& width) {
  if (const auto* text = width.AsString()) return *text;
  int64_t count = 0;
  if (!AsInteger(width, &count)) return TypeError("indent", "an integer or a string", width);
  if (count > kMaxIndentation) {
    return absl::InvalidArgumentError(
        absl::StrCat("an indent of ", count, " spaces; at most ", kMaxIndentation));
  }
  return std::string(static_cast<size_t>(count < 0 ? 0 : count), ' ');
}

Result Indent(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"width", "first", "blank"}));
  ASSIGN_OR_RETURN(const std::string by,
                   ReadIndentation(bound.GetOr("width", Value{kDefaultIndentation})));
  if (call.value.AsString() == nullptr) return TypeError("indent", "a string", call.value);
  ASSIGN_OR_RETURN(std::string text, ReadString(call));
  text += '\n';
  const std::vector<std::string_view> lines = SplitLines(text, false);
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    const bool indented =
        i == 0 ? bound.GetBool("first", false) : bound.GetBool("blank", false) || !lines[i].empty();
    if (indented) out += by;
    out += lines[i];
    if (out.size() > kMaxStringBytes) return StringTooLong();
  }
  return Value::String(std::move(out));
}

Result Format(const FilterCall& call) {
  ASSIGN_OR_RETURN(const std::string text, ReadString(call));
  if (call.arguments.named.empty()) {
    ASSIGN_OR_RETURN(const Value values,
                     MakeSequence(SequenceKind::kTuple, call.arguments.positional));
    return FormatPercent(text, values, call.budget);
  }
  if (!call.arguments.positional.empty()) {
    return absl::InvalidArgumentError(
        "format takes either positional or named arguments, not both");
  }
  Map map;
  for (const auto& [name, value] : call.arguments.named) {
    RETURN_IF_ERROR(map.Set(Value::String(name), value));
  }
  const Result values = MakeMap(std::move(map));
  return FormatPercent(text, *values, call.budget);
}

absl::Status ReadSeparators(const Value* separators, JsonStyle* style) {
  if (separators == nullptr || separators->IsNone()) {
    if (style->indent.has_value()) style->item_separator = ",";
    return absl::OkStatus();
  }
  const auto* pair = separators->AsSequence();
  if (pair == nullptr || pair->items.size() != 2 || pair->items[0].AsString() == nullptr ||
      pair->items[1].AsString() == nullptr) {
    return absl::InvalidArgumentError("tojson: 'separators' must be two strings");
  }
  style->item_separator = *pair->items[0].AsString();
  style->key_separator = *pair->items[1].AsString();
  return absl::OkStatus();
}

Result ToJson(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound,
                   BindFilter(call, {"ensure_ascii", "indent", "separators", "sort_keys"}));
  JsonStyle style{.ensure_ascii = bound.GetBool("ensure_ascii", false),
                  .sort_keys = bound.GetBool("sort_keys", false),
                  .indent = std::nullopt};
  if (const Value* indent = bound.Get("indent"); indent != nullptr && !indent->IsNone()) {
    ASSIGN_OR_RETURN(const std::string by, ReadIndentation(*indent));
    style.indent = by;
  }
  RETURN_IF_ERROR(ReadSeparators(bound.Get("separators"), &style));
  ASSIGN_OR_RETURN(std::string text, WriteJson(call.value, style));
  return Value::String(std::move(text));
}

// Returns null if there is no filter of this name.
Filter FindFilter(std::string_view name) {
  for (const Filters* filters :
       {&StringFilters(), &NumberFilters(), &SequenceFilters(), &SelectFilters()}) {
    if (const auto found = filters->find(name); found != filters->end()) return found->second;
  }
  return nullptr;
}

}  // namespace

const Filters& StringFilters() {
  static const auto* const kFilters = new Filters{
      {"upper", Case},    {"lower", Case},      {"title", Case},         {"capitalize", Case},
      {"string", String}, {"safe", Markup},     {"e", Markup},           {"escape", Markup},
      {"trim", Trim},     {"replace", Replace}, {"forceescape", Markup}, {"indent", Indent},
      {"format", Format}, {"tojson", ToJson}};
  return *kFilters;
}

absl::StatusOr<BoundArguments> BindFilter(const FilterCall& call,
                                          std::initializer_list<std::string_view> parameters,
                                          size_t required) {
  return BoundArguments::Bind(call.name, call.arguments, parameters, required);
}

bool IsFilter(std::string_view name) { return FindFilter(name) != nullptr; }

Result ApplyFilter(const FilterCall& call) {
  const Filter filter = FindFilter(call.name);
  if (filter == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("filter '", std::string(call.name), "' is not supported"));
  }
  return filter(call);
}

}  // namespace assay::jinja
