// What operators do with values of a template: arithmetic, comparison, concatenation.
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
#include "absl/strings/str_replace.h"
#include "base/status_macros.h"
#include "engine/jinja/values/format.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {
namespace {

using Value = Value;
using Result = absl::StatusOr<Value>;

absl::Status Wrong(std::string_view op, const Value& left, const Value& right) {
  return absl::InvalidArgumentError(absl::StrCat("'", std::string(op), "' is not possible with ",
                                                 std::string(TypeName(left)), " and ",
                                                 std::string(TypeName(right))));
}
absl::Status OutOfRange() { return absl::InvalidArgumentError("a number is out of range"); }
absl::Status ByZero() { return absl::InvalidArgumentError("division by zero"); }

// Rounds to minus infinity; b is not 0.
Result FloorDivide(int64_t a, int64_t b) {
  if (b == -1) {
    int64_t negated = 0;
    if (__builtin_sub_overflow(int64_t{0}, a, &negated)) return OutOfRange();
    return Value{negated};
  }
  const int64_t quotient = a / b;
  return Value{a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient};
}

// With the divisor's sign; b is not 0.
int64_t Modulo(int64_t a, int64_t b) {
  if (b == -1) return 0;  // The smallest number modulo -1 overflows.
  const int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

Result Power(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) return ByZero();
    return Value{std::pow(static_cast<double>(base), static_cast<double>(exponent))};
  }
  int64_t result = 1;
  // Beyond 63 only 0, 1 and -1 stay in range.
  if (exponent > 63 && base >= -1 && base <= 1) exponent = exponent % 2 == 0 ? 2 : 1;
  for (int64_t i = 0; i < exponent; ++i) {
    if (__builtin_mul_overflow(result, base, &result)) return OutOfRange();
  }
  return Value{result};
}

Result Integers(std::string_view op, int64_t a, int64_t b) {
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
    return ByZero();
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

Result Floats(std::string_view op, double a, double b) {
  if (op == "+") return Value{a + b};
  if (op == "-") return Value{a - b};
  if (op == "*") return Value{a * b};
  if (op == "**") {
    const double power = std::pow(a, b);
    if (!std::isfinite(power) && std::isfinite(a) && std::isfinite(b)) return OutOfRange();
    return Value{power};
  }
  if (b == 0) return ByZero();
  if (op == "/") return Value{a / b};
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
  if (op == "%") return Value{rest == 0 ? std::copysign(0.0, b) : rest};
  return Value{std::floor((a - rest) / b + 0.5)};
}

Result Repeat(const Value& value, int64_t times) {
  const auto count = static_cast<size_t>(times < 0 ? 0 : times);
  if (const auto* text = value.AsText()) {
    if (!text->empty() && count > kMaxTemplateTextBytes / text->size()) {
      return TextTooLong();
    }
    std::string repeated;
    for (size_t i = 0; i < count && !text->empty(); ++i) repeated += *text;
    return Value::Text(std::move(repeated), value.IsMarkup());
  }
  const Sequence& sequence = *value.AsSequence();
  List items;
  if (!sequence.items.empty() && count > kMaxTemplateItems / sequence.items.size()) {
    return ListTooLong();
  }
  for (size_t i = 0; i < count && !sequence.items.empty(); ++i) {
    items.insert(items.end(), sequence.items.begin(), sequence.items.end());
  }
  return MakeSequence(sequence.kind, std::move(items));
}

bool Repeats(const Value& value) {
  const Sequence* sequence = value.AsSequence();
  return value.AsText() != nullptr ||
         (sequence != nullptr &&
          (sequence->kind == SequenceKind::kList || sequence->kind == SequenceKind::kTuple));
}

Result JoinSequences(const Sequence& a, const Sequence& b) {
  if (a.items.size() + b.items.size() > kMaxTemplateItems) {
    return ListTooLong();
  }
  List items = a.items;
  items.insert(items.end(), b.items.begin(), b.items.end());
  return MakeSequence(a.kind, std::move(items));
}

// What is added to markup is escaped, and the sum is markup.
Result AddTexts(const Value& left, const Value& right) {
  const bool markup = left.IsMarkup() || right.IsMarkup();
  std::string sum;
  for (const Value* part : {&left, &right}) {
    sum += markup && !part->IsMarkup() ? EscapeHtml(*part->AsText()) : *part->AsText();
  }
  if (sum.size() > kMaxTemplateTextBytes) {
    return TextTooLong();
  }
  return Value::Text(std::move(sum), markup);
}

absl::StatusOr<bool> Contains(const Value& container, const Value& item, Budget& budget) {
  if (const auto* text = container.AsText()) {
    const auto* part = item.AsText();
    if (part == nullptr) return Wrong("in", item, container);
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
    return Wrong("in", item, container);
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

std::string EscapeHtml(std::string_view text) {
  return absl::StrReplaceAll(
      std::string(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&#34;"}, {"'", "&#39;"}});
}

Result Concatenate(const std::vector<Value>& operands) {
  std::string joined;
  for (const Value& operand : operands) {
    ASSIGN_OR_RETURN(const std::string text, TextOf(operand));
    if (joined.size() + text.size() > kMaxTemplateTextBytes) {
      return TextTooLong();
    }
    joined += text;
  }
  return Value::Text(std::move(joined));
}

Result Arithmetic(std::string_view op, const Value& left, const Value& right, Budget& budget) {
  int64_t a = 0;
  int64_t b = 0;
  if (AsTemplateInteger(left, &a) && AsTemplateInteger(right, &b)) return Integers(op, a, b);
  double x = 0;
  double y = 0;
  if (AsTemplateNumber(left, &x) && AsTemplateNumber(right, &y)) return Floats(op, x, y);
  if (op == "+" && left.AsText() != nullptr && right.AsText() != nullptr) {
    return AddTexts(left, right);
  }
  if (op == "+" && Repeats(left) && Repeats(right) && left.AsSequence() != nullptr &&
      right.AsSequence() != nullptr && left.AsSequence()->kind == right.AsSequence()->kind) {
    return JoinSequences(*left.AsSequence(), *right.AsSequence());
  }
  if (op == "*" && Repeats(left) && AsTemplateInteger(right, &b)) return Repeat(left, b);
  if (op == "*" && Repeats(right) && AsTemplateInteger(left, &a)) return Repeat(right, a);
  if (op == "%" && left.AsText() != nullptr) return FormatPercent(*left.AsText(), right, budget);
  return Wrong(op, left, right);
}

Result Signed(std::string_view op, const Value& operand) {
  int64_t whole = 0;
  if (const auto* real = operand.As<double>()) return Value{op == "-" ? -*real : *real};
  if (!AsTemplateInteger(operand, &whole)) return Wrong(op, operand, operand);
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
  // Not a number is neither less nor not less.
  if (AsTemplateNumber(left, &x) && AsTemplateNumber(right, &y) && (x != x || y != y)) return false;
  if (op == "<=") return negated(ValueLess(right, left, budget));
  return negated(ValueLess(left, right, budget));
}

}  // namespace assay::jinja
