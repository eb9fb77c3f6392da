// Filters of a template: the table, and those of texts.
#include "engine/jinja/builtins/filters.h"

#include <cstddef>
#include <cstdint>
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
#include "engine/jinja/values/operators.h"
#include "engine/unicode/casing.h"

namespace assay::jinja {
namespace {

using Value = Value;
using Result = absl::StatusOr<Value>;

// The text of the value, which counts as steps.
absl::StatusOr<std::string> Text(const FilterCall& call) {
  absl::StatusOr<std::string> text = TextOf(call.value);
  if (!text.ok()) return text;
  RETURN_IF_ERROR(call.budget.SpendBytes(text->size()));
  return text;
}

// Jinja's title: after blanks, hyphens and opening brackets.
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
    out += unicode::UpperOf(text.substr(at, first));
    out += unicode::LowerOf(text.substr(at + first, end - at - first));
    at = end;
  }
  return out;
}

Result Case(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {}));
  ASSIGN_OR_RETURN(const std::string text, Text(call));
  if (call.name == "upper") return Value::Text(unicode::UpperOf(text));
  if (call.name == "lower") return Value::Text(unicode::LowerOf(text));
  if (call.name == "title") return Value::Text(Title(text));
  return Value::Text(unicode::CapitalizedOf(text));
}

Result String(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {}));
  ASSIGN_OR_RETURN(std::string text, Text(call));
  return Value::Text(std::move(text), call.value.IsMarkup());
}

Result Markup(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {}));
  ASSIGN_OR_RETURN(std::string text, Text(call));
  const bool escape = call.name != "safe" && (!call.value.IsMarkup() || call.name == "forceescape");
  return Value::Text(escape ? EscapeHtml(text) : std::move(text), true);
}

Result Trim(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"chars"}));
  ASSIGN_OR_RETURN(const std::string text, Text(call));
  return CallMethod(
      Value::Text(text), "strip",
      {.positional = {bound.Get("chars") == nullptr ? Value::None() : *bound.Get("chars")},
       .named = {}},
      call.budget);
}

Result Replace(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"old", "new", "count"}, 2));
  ASSIGN_OR_RETURN(const std::string text, Text(call));
  ASSIGN_OR_RETURN(const std::string old, TextOf(*bound.Get("old")));
  ASSIGN_OR_RETURN(const std::string with, TextOf(*bound.Get("new")));
  const Value* count = bound.Get("count");
  const bool all = count == nullptr || count->IsNone();
  ASSIGN_OR_RETURN(const int64_t limit, all ? int64_t{-1} : bound.Integer("count", -1));
  RETURN_IF_ERROR(call.budget.SpendSearch(text.size(), old.size()));
  ASSIGN_OR_RETURN(std::string replaced, ReplaceText(text, old, with, limit));
  return Value::Text(std::move(replaced));
}

// What a level is indented with: a text, or that many blanks.
absl::StatusOr<std::string> Indention(const Value& width) {
  if (const auto* text = width.AsText()) return *text;
  int64_t count = 0;
  if (!AsTemplateInteger(width, &count)) {
    return absl::InvalidArgumentError("indent needs a number or a text");
  }
  if (count > 1000) return absl::InvalidArgumentError("indent is beyond 1000");
  return std::string(static_cast<size_t>(count < 0 ? 0 : count), ' ');
}

Result Indent(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"width", "first", "blank"}));
  const Value* width = bound.Get("width");
  ASSIGN_OR_RETURN(const std::string by, Indention(width == nullptr ? Value{int64_t{4}} : *width));
  if (call.value.AsText() == nullptr) return absl::InvalidArgumentError("indent needs a text");
  ASSIGN_OR_RETURN(std::string text, Text(call));
  text += '\n';
  const std::vector<std::string_view> lines = SplitLines(text, false);
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    const bool indented =
        i == 0 ? bound.Flag("first", false) : bound.Flag("blank", false) || !lines[i].empty();
    if (indented) out += by;
    out += lines[i];
    if (out.size() > kMaxTemplateTextBytes) {
      return TextTooLong();
    }
  }
  return Value::Text(std::move(out));
}

Result Format(const FilterCall& call) {
  ASSIGN_OR_RETURN(const std::string text, Text(call));
  if (call.arguments.named.empty()) {
    Result values = MakeSequence(SequenceKind::kTuple, call.arguments.positional);
    if (!values.ok()) return values;
    return FormatPercent(text, *values, call.budget);
  }
  if (!call.arguments.positional.empty()) {
    return absl::InvalidArgumentError("format: positional and named arguments together");
  }
  Map map;
  for (const auto& [name, value] : call.arguments.named) {
    RETURN_IF_ERROR(map.Set(Value::Text(name), value));
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
  if (pair == nullptr || pair->items.size() != 2 || pair->items[0].AsText() == nullptr ||
      pair->items[1].AsText() == nullptr) {
    return absl::InvalidArgumentError("tojson: 'separators' must be two texts");
  }
  style->item_separator = *pair->items[0].AsText();
  style->key_separator = *pair->items[1].AsText();
  return absl::OkStatus();
}

Result ToJson(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound,
                   BindFilter(call, {"ensure_ascii", "indent", "separators", "sort_keys"}));
  JsonStyle style{.ensure_ascii = bound.Flag("ensure_ascii", false),
                  .sort_keys = bound.Flag("sort_keys", false),
                  .indent = std::nullopt};
  if (const Value* indent = bound.Get("indent"); indent != nullptr && !indent->IsNone()) {
    ASSIGN_OR_RETURN(const std::string by, Indention(*indent));
    style.indent = by;
  }
  RETURN_IF_ERROR(ReadSeparators(bound.Get("separators"), &style));
  ASSIGN_OR_RETURN(std::string text, WriteJson(call.value, style));
  return Value::Text(std::move(text));
}

// Null if there is none of this name.
Filter Find(std::string_view name) {
  for (const Filters* filters :
       {&TextFilters(), &NumberFilters(), &SequenceFilters(), &SelectFilters()}) {
    if (const auto found = filters->find(name); found != filters->end()) return found->second;
  }
  return nullptr;
}

}  // namespace

const Filters& TextFilters() {
  static const auto* const kFilters = new Filters{
      {"upper", Case},    {"lower", Case},      {"title", Case},         {"capitalize", Case},
      {"string", String}, {"safe", Markup},     {"e", Markup},           {"escape", Markup},
      {"trim", Trim},     {"replace", Replace}, {"forceescape", Markup}, {"indent", Indent},
      {"format", Format}, {"tojson", ToJson}};
  return *kFilters;
}

absl::StatusOr<BoundArguments> BindFilter(const FilterCall& call,
                                          std::initializer_list<std::string_view> names,
                                          size_t required) {
  return BoundArguments::Bind(call.name, call.arguments, names, required);
}

bool IsTemplateFilter(std::string_view name) { return Find(name) != nullptr; }

Result RunTemplateFilter(const FilterCall& call) {
  const Filter filter = Find(call.name);
  if (filter == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("filter '", std::string(call.name), "' is not read yet"));
  }
  return filter(call);
}

}  // namespace assay::jinja
