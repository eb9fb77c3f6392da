// The operators of a template: arithmetic, comparison, concatenation.
#include "engine/jinja/values/operators.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/values/comparison.h"
#include "engine/jinja/values/format.h"
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

// Rounds towards minus infinity. `b` must not be 0.
Result FloorDivide(int64_t a, int64_t b) {
  if (b == -1) {
    int64_t negated = 0;
    if (__builtin_sub_overflow(int64_t{0}, a, &negated)) return OutOfRange();
    return Value{negated};
  }
  const int64_t quotient = a / b;
  return Value{a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient};
}

// Returns the remainder with the sign of the divisor. `b` must not be 0.
int64_t Modulo(int64_t a, int64_t b) {
  if (b == -1) return 0;  // The smallest number modulo -1 overflows.
  const int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

Result Power(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) return DivisionByZero();
    return Value{std::pow(static_cast<double>(base), static_cast<double>(exponent))};
  }
  int64_t result = 1;
  // With an exponent above 63 only the bases 0, 1 and -1 stay in range.
  if (exponent > 63 && base >= -1 && base <= 1) exponent = exponent % 2 == 0 ? 2 : 1;
  for (int64_t i = 0; i < exponent; ++i) {
    if (__builtin_mul_overflow(result, base, &result)) return OutOfRange();
  }
  return Value{result};
}

Result IntegerArithmetic(std::string_view op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  if (op == "+") {
    overflow = __builtin_add_overflow(a, b, &result);
  } else if (op == "-") {
    overflow = __builtin_sub_overflow(a, b, &result);
  } else if (op == "*") {
    overflow = __builtin_mul_overflow(a, b, &result);
  } else if (op == "**") {
    return Power(a, b);
  } else if (b == 0) {
    return DivisionByZero();
  } else if (op == "/") {
    return Value{static_cast<double>(a) / static_cast<double>(b)};
  } else if (op == "//") {
    return FloorDivide(a, b);
  } else {
    result = Modulo(a, b);
  }
  if (overflow) return OutOfRange();
  return Value{result};
}

Result FloatArithmetic(std::string_view op, double a, double b) {
  if (op == "+") return Value{a + b};
  if (op == "-") return Value{a - b};
  if (op == "*") return Value{a * b};
  if (op == "**") {
    const double power = std::pow(a, b);
    if (!std::isfinite(power) && std::isfinite(a) && std::isfinite(b)) return OutOfRange();
    return Value{power};
  }
  if (b == 0) return DivisionByZero();
  if (op == "/") return Value{a / b};
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
  if (op == "%") return Value{rest == 0 ? std::copysign(0.0, b) : rest};
  return Value{std::floor((a - rest) / b + 0.5)};
}

Result Repeat(const Value& value, int64_t times) {
  const auto count = static_cast<size_t>(times < 0 ? 0 : times);
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

absl::StatusOr<bool> Contains(const Value& container, const Value& item, Budget& budget) {
  if (const auto* text = container.AsString()) {
    const auto* part = item.AsString();
    if (part == nullptr) return UnsupportedOperands("in", item, container);
    RETURN_IF_ERROR(budget.SpendSearch(text->size(), part->size()));
    return text->find(*part) != std::string::npos;
  }
  if (const auto* map = container.AsMap()) {
    ASSIGN_OR_RETURN(const Value* found, map->Find(item));
    return found != nullptr;
  }
  const auto* sequence = container.AsSequence();
  if (sequence == nullptr) {
    if (container.IsUndefined()) return false;
    return UnsupportedOperands("in", item, container);
  }
  const bool generator = sequence->kind == SequenceKind::kGenerator;
  for (size_t i = sequence->next; i < sequence->items.size(); ++i) {
    absl::StatusOr<bool> equal = ValuesEqual(sequence->items[i], item, budget);
    if (generator) sequence->next = i + 1;
    if (!equal.ok() || *equal) return equal;
  }
  return false;
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
  int64_t a = 0;
  int64_t b = 0;
  if (AsInteger(left, &a) && AsInteger(right, &b)) return IntegerArithmetic(op, a, b);
  double x = 0;
  double y = 0;
  if (AsNumber(left, &x) && AsNumber(right, &y)) return FloatArithmetic(op, x, y);
  if (op == "+" && left.AsString() != nullptr && right.AsString() != nullptr) {
    return AddStrings(left, right);
  }
  if (op == "+" && IsRepeatable(left) && IsRepeatable(right) && left.AsSequence() != nullptr &&
      right.AsSequence() != nullptr && left.AsSequence()->kind == right.AsSequence()->kind) {
    return JoinSequences(*left.AsSequence(), *right.AsSequence());
  }
  if (op == "*" && IsRepeatable(left) && AsInteger(right, &b)) return Repeat(left, b);
  if (op == "*" && IsRepeatable(right) && AsInteger(left, &a)) return Repeat(right, a);
  if (op == "%" && left.AsString() != nullptr) {
    return FormatPercent(*left.AsString(), right, budget);
  }
  return UnsupportedOperands(op, left, right);
}

Result ApplySign(std::string_view op, const Value& operand) {
  int64_t whole = 0;
  if (const auto* real = operand.As<double>()) return Value{op == "-" ? -*real : *real};
  if (!AsInteger(operand, &whole)) {
    return TypeError(absl::StrCat("'", std::string(op), "'"), "a number", operand);
  }
  if (op == "-" && __builtin_sub_overflow(int64_t{0}, whole, &whole)) return OutOfRange();
  return Value{whole};
}

absl::StatusOr<bool> Compare(std::string_view op, const Value& left, const Value& right,
                             Budget& budget) {
  if (op == "in") return Contains(right, left, budget);
  const auto negated = [](absl::StatusOr<bool> result) -> absl::StatusOr<bool> {
    if (!result.ok()) return result;
    return !*result;
  };
  if (op == "not in") return negated(Contains(right, left, budget));
  if (op == "==") return ValuesEqual(left, right, budget);
  if (op == "!=") return negated(ValuesEqual(left, right, budget));
  if (op == "<") return ValueLess(left, right, budget);
  if (op == ">") return ValueLess(right, left, budget);
  double x = 0;
  double y = 0;
  // Comparisons with NaN are false, so <= is not the negation of >.
  if (AsNumber(left, &x) && AsNumber(right, &y) && (x != x || y != y)) return false;
  if (op == "<=") return negated(ValueLess(right, left, budget));
  return negated(ValueLess(left, right, budget));
}

}  // namespace assay::jinja
