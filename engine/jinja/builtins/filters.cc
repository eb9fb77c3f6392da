// The filters of a template: the lookup, and the filters of strings.
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
#include "engine/jinja/builtins/methods.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/percent_format.h"
#include "engine/jinja/values/strings.h"
#include "engine/jinja/values/to_string.h"
#include "engine/unicode/casing.h"
#include "engine/unicode/characters.h"

namespace assay::jinja {
namespace {

// Jinja's title filter: a word begins after whitespace, a hyphen or an opening bracket.
std::string Title(std::string_view text) {
  const auto separator_bytes = [&](size_t at) -> size_t {
    const Utf8Step step = NextUtf8(text.substr(at));
    const bool separates = unicode::IsPythonSpace(step.code_point) ||
                           (step.bytes == 1 && absl::StrContains("-({[<", text[at]));
    return separates ? step.bytes : 0;
  };
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (const size_t bytes = separator_bytes(at); bytes > 0) {
      out += text.substr(at, bytes);
      at += bytes;
      continue;
    }
    size_t end = at;
    while (end < text.size() && separator_bytes(end) == 0) {
      end += NextUtf8(text.substr(end)).bytes;
    }
    const size_t first = NextUtf8(text.substr(at)).bytes;
    out += unicode::ToUpper(text.substr(at, first));
    out += unicode::ToLower(text.substr(at + first, end - at - first));
    at = end;
  }
  return out;
}

// The filters that call the string's method of the same name.
Result CallOwnMethod(const FilterCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  ASSIGN_OR_RETURN(const Value text, call.ReadSoftString());
  return CallMethod(text, call.name, {}, call.run);
}

Result TitleFilter(const FilterCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  ASSIGN_OR_RETURN(const std::string text, call.ReadString());
  return Value::String(Title(text));
}

Result Center(const FilterCall& call) {
  constexpr int64_t kDefaultWidth = 80;
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"width"}));
  ASSIGN_OR_RETURN(const Value text, call.ReadSoftString());
  return CallMethod(text, "center",
                    {.positional = {bound.GetOr("width", Value{kDefaultWidth})}, .named = {}},
                    call.run);
}

Result String(const FilterCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  return call.ReadSoftString();
}

Result Markup(const FilterCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  ASSIGN_OR_RETURN(std::string text, call.ReadString());
  const bool escape = call.name != "safe" && (!call.value.IsMarkup() || call.name == "forceescape");
  return Value::String(escape ? EscapeHtml(text) : std::move(text), true);
}

Result Trim(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"chars"}));
  ASSIGN_OR_RETURN(const Value text, call.ReadSoftString());
  return CallMethod(text, "strip",
                    {.positional = {bound.GetOr("chars", Value::None())}, .named = {}}, call.run);
}

Result Replace(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"old", "new", "count"}, 2));
  ASSIGN_OR_RETURN(const std::string text, call.ReadString());
  ASSIGN_OR_RETURN(const std::string old, ToString(*bound.Get("old")));
  ASSIGN_OR_RETURN(const std::string with, ToString(*bound.Get("new")));
  const bool all = bound.GetOr("count", Value::None()).IsNone();
  ASSIGN_OR_RETURN(const int64_t limit, all ? int64_t{-1} : bound.GetInteger("count", -1));
  RETURN_IF_ERROR(call.run.budget().SpendSearch(text.size(), old.size()));
  ASSIGN_OR_RETURN(std::string replaced, ReplaceString(text, old, with, limit));
  return Value::String(std::move(replaced));
}

Result Format(const FilterCall& call) {
  ASSIGN_OR_RETURN(const Value text, call.ReadSoftString());
  if (call.arguments.named.empty()) {
    ASSIGN_OR_RETURN(const Value values, MakeTuple(call.arguments.positional));
    return FormatPercent(*text.AsString(), text.IsMarkup(), values, call.run.budget());
  }
  if (!call.arguments.positional.empty()) {
    return absl::InvalidArgumentError(
        "format takes either positional or named arguments, not both");
  }
  Map map;
  for (const auto& [name, value] : call.arguments.named) {
    RETURN_IF_ERROR(map.Set(Value::String(name), value));
  }
  ASSIGN_OR_RETURN(const Value values, MakeMap(std::move(map)));
  return FormatPercent(*text.AsString(), text.IsMarkup(), values, call.run.budget());
}

// Returns null if there is no filter of this name.
Filter FindFilter(std::string_view name) {
  for (const Filters* filters :
       {&StringFilters(), &TextFilters(), &WebFilters(), &JsonFilters(), &NumberFilters(),
        &SequenceFilters(), &SortFilters(), &SelectFilters()}) {
    if (const auto found = filters->find(name); found != filters->end()) return found->second;
  }
  return nullptr;
}

}  // namespace

const Filters& StringFilters() {
  static const auto* const kFilters = new Filters{{"upper", CallOwnMethod},
                                                  {"lower", CallOwnMethod},
                                                  {"capitalize", CallOwnMethod},
                                                  {"title", TitleFilter},
                                                  {"center", Center},
                                                  {"string", String},
                                                  {"safe", Markup},
                                                  {"e", Markup},
                                                  {"escape", Markup},
                                                  {"forceescape", Markup},
                                                  {"trim", Trim},
                                                  {"replace", Replace},
                                                  {"format", Format}};
  return *kFilters;
}

absl::StatusOr<std::string> FilterCall::ReadString() const {
  ASSIGN_OR_RETURN(std::string text, ToString(value));
  RETURN_IF_ERROR(run.budget().SpendBytes(text.size()));
  return text;
}

Result FilterCall::ReadSoftString() const {
  if (value.AsString() != nullptr) return value;
  ASSIGN_OR_RETURN(std::string text, ReadString());
  return Value::String(std::move(text));
}

bool IsSupportedFilter(std::string_view name) { return FindFilter(name) != nullptr; }

bool IsFilter(std::string_view name) {
  // A random result and links to web pages are of no use in a prompt.
  return IsSupportedFilter(name) || name == "random" || name == "urlize";
}

Result ApplyFilter(const FilterCall& call) {
  if (const Filter filter = FindFilter(call.name); filter != nullptr) return filter(call);
  if (IsFilter(call.name)) {
    return absl::UnimplementedError(
        absl::StrCat("filter '", std::string(call.name), "' is not supported"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no filter '", std::string(call.name), "'"));
}

}  // namespace assay::jinja
