// The operators of a template: arithmetic, comparison, concatenation.
#include "engine/jinja/values/operators.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/values/comparison.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/percent_format.h"
#include "engine/jinja/values/strings.h"
#include "engine/jinja/values/to_string.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {
namespace {

absl::Status UnsupportedOperands(std::string_view op, const Value& left, const Value& right) {
  return absl::InvalidArgumentError(absl::StrCat("'", std::string(op),
                                                 "' is not supported between ", TypeName(left),
                                                 " and ", TypeName(right)));
}
absl::Status OutOfRange() { return absl::InvalidArgumentError("a number is out of range"); }
absl::Status DivisionByZero() { return absl::InvalidArgumentError("division by zero"); }

Result FloatPower(double a, double b) {
  if (a == 0 && b < 0) return DivisionByZero();
  if (a < 0 && std::isfinite(a) && std::isfinite(b) && std::trunc(b) != b) {
    return absl::UnimplementedError("a power that is a complex number is not supported");
  }
  const double power = std::pow(a, b);
  if (std::isinf(power) && std::isfinite(a) && std::isfinite(b)) return OutOfRange();
  return Value{power};
}

Result FloatArithmetic(std::string_view op, double a, double b) {
  if (op == "+") return Value{a + b};
  if (op == "-") return Value{a - b};
  if (op == "*") return Value{a * b};
  if (op == "**") return FloatPower(a, b);
  if (b == 0) return DivisionByZero();
  if (op == "/") return Value{a / b};
  // As CPython's float_divmod().
  double rest = std::fmod(a, b);
  double quotient = (a - rest) / b;
  if (rest != 0 && (rest < 0) != (b < 0)) {
    rest += b;
    quotient -= 1;
  }
  if (op == "%") return Value{rest == 0 ? std::copysign(0.0, b) : rest};
  if (quotient == 0) return Value{std::copysign(0.0, a / b)};
  const double whole = std::floor(quotient);
  return Value{quotient - whole > 0.5 ? whole + 1 : whole};
}

Result Repeat(const Value& value, const Value& times) {
  int64_t number = 0;
  if (!AsInteger(times, &number)) return OutOfRange();
  const auto count = static_cast<size_t>(number < 0 ? 0 : number);
  if (const auto* text = value.AsString()) {
    if (!text->empty() && count > kMaxStringBytes / text->size()) return StringTooLong();
    std::string repeated;
    for (size_t i = 0; i < count && !text->empty(); ++i) repeated += *text;
    return Value::String(std::move(repeated), value.IsMarkup());
  }
  const Sequence& sequence = *value.AsSequence();
  List items;
  if (!sequence.items.empty() && count > kMaxItems / sequence.items.size()) return ListTooLong();
  for (size_t i = 0; i < count && !sequence.items.empty(); ++i) {
    items.insert(items.end(), sequence.items.begin(), sequence.items.end());
  }
  return MakeSequence(sequence.kind, std::move(items));
}

bool IsRepeatable(const Value& value) {
  const Sequence* sequence = value.AsSequence();
  return value.AsString() != nullptr || (sequence != nullptr && sequence->IsListOrTuple());
}

Result JoinSequences(const Sequence& a, const Sequence& b) {
  if (a.items.size() + b.items.size() > kMaxItems) return ListTooLong();
  List items = a.items;
  items.insert(items.end(), b.items.begin(), b.items.end());
  return MakeSequence(a.kind, std::move(items));
}

// Escapes a plain string that is added to markup. The sum is markup.
Result AddStrings(const Value& left, const Value& right) {
  const bool markup = left.IsMarkup() || right.IsMarkup();
  std::string sum;
  for (const Value* part : {&left, &right}) {
    sum += markup && !part->IsMarkup() ? EscapeHtml(*part->AsString()) : *part->AsString();
  }
  if (sum.size() > kMaxStringBytes) return StringTooLong();
  return Value::String(std::move(sum), markup);
}

// Searches an iterator, which consumes it up to the item.
absl::StatusOr<bool> IteratorContains(const Value& container, const Value& item, Budget& budget) {
  ASSIGN_OR_RETURN(const auto iterator, GetIterator(container, budget));
  while (true) {
    RETURN_IF_ERROR(budget.Spend(1));
    ASSIGN_OR_RETURN(const std::optional<Value> next, iterator->Next());
    if (!next.has_value()) return false;
    absl::StatusOr<bool> equal = ValuesEqual(*next, item, budget);
    if (!equal.ok() || *equal) return equal;
  }
}

absl::StatusOr<bool> Contains(const Value& container, const Value& item, Budget& budget) {
  if (const auto* text = container.AsString()) {
    const auto* part = item.AsString();
    if (part == nullptr) return UnsupportedOperands("in", item, container);
    RETURN_IF_ERROR(budget.SpendSearch(text->size(), part->size()));
    return text->find(*part) != std::string::npos;
  }
  if (const auto* map = container.AsMap()) {
    RETURN_IF_ERROR(SpendKey(item, budget));
    ASSIGN_OR_RETURN(const Value* found, map->Find(item));
    return found != nullptr;
  }
  const auto* sequence = container.AsSequence();
  if (sequence == nullptr) return IteratorContains(container, item, budget);
  const bool is_pairs = sequence->kind == SequenceKind::kItems;
  if (is_pairs && (!item.IsTuple() || item.AsSequence()->items.size() != 2)) return false;
  // The views of a dictionary look for a key.
  if (is_pairs || sequence->kind == SequenceKind::kKeys) {
    const Value& key = is_pairs ? item.AsSequence()->items[0] : item;
    RETURN_IF_ERROR(SpendKey(key, budget));
    RETURN_IF_ERROR(Map().Find(key).status());
  }
  for (const Value& candidate : sequence->items) {
    absl::StatusOr<bool> equal = ValuesEqual(candidate, item, budget);
    if (!equal.ok() || *equal) return equal;
  }
  return false;
}

// Spends what it cost to make a string or a list.
Result SpendCopy(Result made, Budget& budget) {
  if (!made.ok()) return made;
  const std::string* text = made->AsString();
  RETURN_IF_ERROR(text != nullptr ? budget.SpendBytes(text->size())
                                  : budget.SpendItems(made->AsSequence()->items.size()));
  return made;
}

}  // namespace

Result Concatenate(const std::vector<Value>& operands) {
  std::string joined;
  for (const Value& operand : operands) {
    ASSIGN_OR_RETURN(const std::string text, ToString(operand));
    if (joined.size() + text.size() > kMaxStringBytes) return StringTooLong();
    joined += text;
  }
  return Value::String(std::move(joined));
}

Result Arithmetic(std::string_view op, const Value& left, const Value& right, Budget& budget) {
  if (left.IsInteger() && right.IsInteger()) {
    return op == "/" ? DivideIntegers(left, right) : IntegerArithmetic(op, left, right, budget);
  }
  const bool floats = left.As<double>() != nullptr || right.As<double>() != nullptr;
  double x = 0;
  double y = 0;
  if (floats && AsNumber(left, &x) && AsNumber(right, &y)) {
    for (const Value* operand : {&left, &right}) {
      if (operand->IsInteger()) RETURN_IF_ERROR(IntegerToFloat(*operand).status());
    }
    return FloatArithmetic(op, x, y);
  }
  if (op == "+" && left.AsString() != nullptr && right.AsString() != nullptr) {
    return SpendCopy(AddStrings(left, right), budget);
  }
  if (op == "+" && IsRepeatable(left) && IsRepeatable(right) && left.AsSequence() != nullptr &&
      right.AsSequence() != nullptr && left.AsSequence()->kind == right.AsSequence()->kind) {
    return SpendCopy(JoinSequences(*left.AsSequence(), *right.AsSequence()), budget);
  }
  if (op == "*" && IsRepeatable(left) && right.IsInteger())
    return SpendCopy(Repeat(left, right), budget);
  if (op == "*" && IsRepeatable(right) && left.IsInteger())
    return SpendCopy(Repeat(right, left), budget);
  if (op == "%" && left.AsString() != nullptr) {
    return FormatPercent(*left.AsString(), left.IsMarkup(), right, budget);
  }
  return UnsupportedOperands(op, left, right);
}

Result ApplySign(std::string_view op, const Value& operand) {
  if (const auto* real = operand.As<double>()) return Value{op == "-" ? -*real : *real};
  if (!operand.IsInteger()) {
    return TypeError(absl::StrCat("'", std::string(op), "'"), "a number", operand);
  }
  if (op == "-") return Negate(operand);
  int64_t whole = 0;  // +true is 1.
  return AsInteger(operand, &whole) ? Value{whole} : operand;
}

absl::StatusOr<bool> Compare(std::string_view op, const Value& left, const Value& right,
                             Budget& budget) {
  const auto negated = [](absl::StatusOr<bool> result) -> absl::StatusOr<bool> {
    if (!result.ok()) return result;
    return !*result;
  };
  if (op == "in") return Contains(right, left, budget);
  if (op == "not in") return negated(Contains(right, left, budget));
  if (op == "==") return ValuesEqual(left, right, budget);
  if (op == "!=") return negated(ValuesEqual(left, right, budget));
  return ValuesOrdered(op, left, right, budget);
}

}  // namespace assay::jinja
