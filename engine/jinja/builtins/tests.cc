// The tests of a template: value is name(arguments).
#include "engine/jinja/builtins/tests.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/values/comparison.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/operators.h"
#include "engine/jinja/values/to_string.h"
#include "engine/unicode/python_characters.h"

namespace assay::jinja {
namespace {

using Check = bool (*)(const Value&);

bool IsNumber(const Value& v) { return v.IsInteger() || v.As<double>() != nullptr; }
bool IsSequence(const Value& v) {
  const auto* sequence = v.AsSequence();
  if (sequence != nullptr) return sequence->IsIndexable();
  return v.IsUndefined() || v.AsString() != nullptr || v.AsMap() != nullptr;
}
// As in jinja2, undefined counts as callable: it has a method that fails.
bool IsCallable(const Value& v) {
  return v.IsUndefined() || (v.AsObject() != nullptr && v.AsObject()->IsCallable());
}

// The tests without arguments.
const absl::flat_hash_map<std::string_view, Check>& Checks() {
  static const auto* const kChecks = new absl::flat_hash_map<std::string_view, Check>{
      {"defined", [](const Value& v) { return !v.IsUndefined(); }},
      {"undefined", [](const Value& v) { return v.IsUndefined(); }},
      {"none", [](const Value& v) { return v.IsNone(); }},
      {"string", [](const Value& v) { return v.AsString() != nullptr; }},
      {"mapping", [](const Value& v) { return v.AsMap() != nullptr; }},
      {"number", IsNumber},
      {"integer", [](const Value& v) { return v.IsInteger() && v.As<bool>() == nullptr; }},
      {"float", [](const Value& v) { return v.As<double>() != nullptr; }},
      {"boolean", [](const Value& v) { return v.As<bool>() != nullptr; }},
      {"true", [](const Value& v) { return v.As<bool>() != nullptr && *v.As<bool>(); }},
      {"false", [](const Value& v) { return v.As<bool>() != nullptr && !*v.As<bool>(); }},
      {"iterable", IsIterable},
      {"sequence", IsSequence},
      {"callable", IsCallable},
      {"escaped", [](const Value& v) { return v.IsMarkup(); }}};
  return *kChecks;
}

// The tests that compare with an argument, and the operator of each.
const absl::flat_hash_map<std::string_view, std::string_view>& Comparisons() {
  static const auto* const kComparisons =
      new absl::flat_hash_map<std::string_view, std::string_view>{
          {"==", "=="},         {"eq", "=="}, {"equalto", "=="}, {"!=", "!="},
          {"ne", "!="},         {"<", "<"},   {"lt", "<"},       {"lessthan", "<"},
          {"<=", "<="},         {"le", "<="}, {">", ">"},        {"gt", ">"},
          {"greaterthan", ">"}, {">=", ">="}, {"ge", ">="},      {"in", "in"}};
  return *kComparisons;
}

bool IsSame(const Value& a, const Value& b) {
  if (a.data.index() != b.data.index()) return false;
  if (a.AsString() != nullptr) return *a.AsString() == *b.AsString();
  if (const auto* flag = a.As<bool>()) return *flag == *b.As<bool>();
  if (a.IsInteger()) return CompareIntegers(a, b) == 0;
  if (a.AsSequence() != nullptr) return a.AsSequence() == b.AsSequence();
  if (a.AsMap() != nullptr) return a.AsMap() == b.AsMap();
  if (a.AsIterator() != nullptr) return a.AsIterator() == b.AsIterator();
  return a.IsNone() || (a.AsObject() != nullptr && a.AsObject() == b.AsObject());
}

// value % divisor == remainder, in which % may also format a string.
absl::StatusOr<bool> HasRemainder(const Value& value, const Value& divisor, int64_t remainder,
                                  Budget& budget) {
  ASSIGN_OR_RETURN(const Value rest, Arithmetic("%", value, divisor, budget));
  return ValuesEqual(rest, Value{remainder}, budget);
}

absl::StatusOr<bool> IsCase(std::string_view name, const Value& value) {
  ASSIGN_OR_RETURN(const std::string text, ToString(value));
  return name == "lower" ? unicode::IsLower(text) : unicode::IsUpper(text);
}

// The tests that need no argument and can fail.
absl::StatusOr<bool> ApplyOwnTest(std::string_view name, const Value& value, Budget& budget) {
  if (name == "odd") return HasRemainder(value, Value{int64_t{2}}, 1, budget);
  if (name == "even") return HasRemainder(value, Value{int64_t{2}}, 0, budget);
  if (name == "lower" || name == "upper") return IsCase(name, value);
  // Python looks the name up in a dictionary.
  RETURN_IF_ERROR(Map().Find(value).status());
  const std::string* text = value.AsString();
  return text != nullptr && (name == "filter" ? IsFilter(*text) : IsTest(*text));
}

bool IsOwnTest(std::string_view name) {
  return name == "odd" || name == "even" || name == "lower" || name == "upper" ||
         name == "filter" || name == "test";
}

}  // namespace

bool IsTest(std::string_view name) {
  return Checks().contains(name) || Comparisons().contains(name) || IsOwnTest(name) ||
         name == "divisibleby" || name == "sameas";
}

absl::StatusOr<bool> ApplyTest(std::string_view name, const Value& value,
                               const Arguments& arguments, Budget& budget) {
  if (!IsTest(name)) {
    return absl::InvalidArgumentError(absl::StrCat("there is no test '", std::string(name), "'"));
  }
  const auto check = Checks().find(name);
  if (check != Checks().end() || IsOwnTest(name)) {
    RETURN_IF_ERROR(BoundArguments::Bind(name, arguments, {}).status());
    return check != Checks().end() ? check->second(value) : ApplyOwnTest(name, value, budget);
  }
  const auto comparison = Comparisons().find(name);
  const bool positional = comparison != Comparisons().end() && name != "in";
  const std::string_view parameter =
      name == "divisibleby" ? "num" : (name == "in" ? "seq" : "other");
  ASSIGN_OR_RETURN(const auto bound,
                   positional ? BoundArguments::BindPositional(name, arguments, {parameter}, 1)
                              : BoundArguments::Bind(name, arguments, {parameter}, 1));
  const Value& other = *bound.Get(parameter);
  if (name == "sameas") return IsSame(value, other);
  if (name == "divisibleby") return HasRemainder(value, other, 0, budget);
  return Compare(comparison->second, value, other, budget);
}

}  // namespace assay::jinja
