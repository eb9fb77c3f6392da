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
#include "engine/jinja/values/operators.h"
#include "engine/jinja/values/to_string.h"
#include "engine/unicode/casing.h"

namespace assay::jinja {
namespace {

using Check = bool (*)(const Value&);

bool IsNumber(const Value& v) {
  double number = 0;
  return AsNumber(v, &number);
}
bool IsIterable(const Value& v) {
  return v.IsUndefined() || v.AsString() != nullptr || v.AsMap() != nullptr ||
         v.AsSequence() != nullptr;
}
bool IsSequence(const Value& v) {
  const auto* sequence = v.AsSequence();
  return sequence == nullptr ? IsIterable(v) : sequence->IsIndexable();
}
bool IsLower(const Value& v) {
  const absl::StatusOr<std::string> text = ToString(v);
  return text.ok() && unicode::ToLower(*text) == *text && unicode::ToUpper(*text) != *text;
}
bool IsUpper(const Value& v) {
  const absl::StatusOr<std::string> text = ToString(v);
  return text.ok() && unicode::ToUpper(*text) == *text && unicode::ToLower(*text) != *text;
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
      {"integer", [](const Value& v) { return v.As<int64_t>() != nullptr; }},
      {"float", [](const Value& v) { return v.As<double>() != nullptr; }},
      {"boolean", [](const Value& v) { return v.As<bool>() != nullptr; }},
      {"true", [](const Value& v) { return v.As<bool>() != nullptr && *v.As<bool>(); }},
      {"false", [](const Value& v) { return v.As<bool>() != nullptr && !*v.As<bool>(); }},
      {"iterable", IsIterable},
      {"sequence", IsSequence},
      {"callable", [](const Value& v) { return v.AsObject() != nullptr; }},
      {"escaped", [](const Value& v) { return v.IsMarkup(); }},
      {"lower", IsLower},
      {"upper", IsUpper}};
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
  if (const auto* number = a.As<int64_t>()) return *number == *b.As<int64_t>();
  if (a.AsSequence() != nullptr) return a.AsSequence() == b.AsSequence();
  if (a.AsMap() != nullptr) return a.AsMap() == b.AsMap();
  return a.IsNone() || (a.AsObject() != nullptr && a.AsObject() == b.AsObject());
}

absl::StatusOr<bool> HasRemainder(const Value& value, int64_t divisor, int64_t remainder,
                                  Budget& budget) {
  if (!IsNumber(value)) return TypeError("the test", "a number", value);
  ASSIGN_OR_RETURN(const Value rest, Arithmetic("%", value, Value{divisor}, budget));
  return ValuesEqual(rest, Value{remainder}, budget);
}

}  // namespace

bool IsTest(std::string_view name) {
  return Checks().contains(name) || Comparisons().contains(name) || name == "odd" ||
         name == "even" || name == "divisibleby" || name == "sameas" || name == "filter" ||
         name == "test";
}

absl::StatusOr<bool> ApplyTest(std::string_view name, const Value& value,
                               const Arguments& arguments, Budget& budget) {
  if (!IsTest(name)) {
    return absl::UnimplementedError(
        absl::StrCat("test '", std::string(name), "' is not supported"));
  }
  const auto check = Checks().find(name);
  const bool without_arguments = check != Checks().end() || name == "odd" || name == "even" ||
                                 name == "filter" || name == "test";
  ASSIGN_OR_RETURN(const auto bound, without_arguments
                                         ? BoundArguments::Bind(name, arguments, {})
                                         : BoundArguments::Bind(name, arguments, {"other"}, 1));
  if (check != Checks().end()) return check->second(value);
  if (name == "odd") return HasRemainder(value, 2, 1, budget);
  if (name == "even") return HasRemainder(value, 2, 0, budget);
  if (name == "filter" || name == "test") {
    const std::string* text = value.AsString();
    return text != nullptr && (name == "filter" ? IsFilter(*text) : IsTest(*text));
  }
  const Value& other = *bound.Get("other");
  if (name == "sameas") return IsSame(value, other);
  if (name != "divisibleby") {
    return Compare(Comparisons().at(name), value, other, budget);
  }
  int64_t divisor = 0;
  if (!AsInteger(other, &divisor)) {
    return TypeError("divisibleby", "an integer", other);
  }
  return HasRemainder(value, divisor, 0, budget);
}

}  // namespace assay::jinja
