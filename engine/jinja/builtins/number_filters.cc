// The filters that make and round numbers.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/number_text.h"
#include "engine/jinja/values/operators.h"

namespace assay::jinja {
namespace {

constexpr int64_t kDecimal = 10;
constexpr int64_t kMaxBase = 36;
// Beyond these digits, a float stays as it is, or becomes 0.
constexpr int64_t kMaxPrecision = 330;

Result Integer(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"default", "base"}));
  const Value fallback = bound.GetOr("default", Value{int64_t{0}});
  const Value& value = call.value;
  if (value.IsUndefined()) return TypeError("int", "a number or a string", value);
  if (value.IsInteger()) return ApplySign("+", value);
  if (const auto* real = value.As<double>()) {
    return std::isnan(*real) ? fallback : FloatToInteger(*real);
  }
  const auto* text = value.AsString();
  if (text == nullptr) return fallback;
  RETURN_IF_ERROR(call.run.budget().SpendBytes(text->size()));
  const absl::StatusOr<int64_t> base = bound.GetInteger("base", kDecimal);
  if (base.ok() && (*base == 0 || (*base >= 2 && *base <= kMaxBase))) {
    Result whole = ParseInteger(*text, *base);
    if (whole.ok()) return whole;
  }
  // "42.23" | int is 42.
  const std::optional<double> real = ParseFloat(*text);
  if (!real.has_value() || !std::isfinite(*real)) return fallback;
  return FloatToInteger(*real);
}

Result Float(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"default"}));
  const Value& value = call.value;
  if (value.IsUndefined()) return TypeError("float", "a number or a string", value);
  if (value.As<double>() != nullptr) return value;
  if (value.IsInteger()) {
    ASSIGN_OR_RETURN(const double real, IntegerToFloat(value));
    return Value{real};
  }
  if (const auto* text = value.AsString()) {
    RETURN_IF_ERROR(call.run.budget().SpendBytes(text->size()));
    if (const std::optional<double> real = ParseFloat(*text)) return Value{*real};
  }
  return bound.GetOr("default", Value{0.0});
}

Result Absolute(const FilterCall& call) {
  RETURN_IF_ERROR(call.BindPositional({}).status());
  if (const auto* real = call.value.As<double>()) return Value{std::fabs(*real)};
  if (!call.value.IsInteger()) return TypeError(call.name, "a number", call.value);
  return ApplySign(IsNegative(call.value) ? "-" : "+", call.value);
}

// Python's round() of a float: the decimal number nearest to the exact value, with ties to even.
Result RoundFloat(double value, int64_t precision) {
  if (!std::isfinite(value) || precision > kMaxPrecision) return Value{value};
  if (precision < -kMaxPrecision) return Value{std::copysign(0.0, value)};
  std::string digits =
      absl::StrFormat("%.*f", static_cast<int>(std::max<int64_t>(precision, 0)), value);
  if (precision < 0) {
    // The digits before the decimal point that are kept decide, and all others break ties.
    const int whole =
        value == 0 ? 1 : static_cast<int>(std::floor(std::log10(std::fabs(value)))) + 1;
    const int64_t kept = whole + precision;
    if (kept < 0) return Value{std::copysign(0.0, value)};
    if (kept == 0) {
      const double half = 5 * std::pow(10.0, static_cast<double>(-precision - 1));
      return Value{std::fabs(value) > half
                       ? std::copysign(std::pow(10.0, static_cast<double>(-precision)), value)
                       : std::copysign(0.0, value)};
    }
    digits = absl::StrFormat("%.*e", static_cast<int>(kept - 1), value);
  }
  double rounded = 0;
  if (!absl::SimpleAtod(digits, &rounded)) return Value{value};
  if (std::isinf(rounded)) return absl::InvalidArgumentError("round: the result is too large");
  return Value{rounded};
}

// Python's round() of an integer, with ties to even.
Result RoundInteger(const Value& value, int64_t precision, Budget& budget) {
  if (precision >= 0) return ApplySign("+", value);
  // The number of decimal digits of the largest integer.
  constexpr auto kMaxDigits = static_cast<int64_t>(kMaxIntegerBits * 30103 / 100000);
  if (-precision > kMaxDigits) return Value{int64_t{0}};
  ASSIGN_OR_RETURN(const Value unit,
                   IntegerArithmetic("**", Value{kDecimal}, Value{-precision}, budget));
  ASSIGN_OR_RETURN(const Value down, IntegerArithmetic("//", value, unit, budget));
  ASSIGN_OR_RETURN(const Value rest, IntegerArithmetic("%", value, unit, budget));
  ASSIGN_OR_RETURN(const Value twice, IntegerArithmetic("+", rest, rest, budget));
  ASSIGN_OR_RETURN(const Value odd, IntegerArithmetic("%", down, Value{int64_t{2}}, budget));
  const int order = CompareIntegers(twice, unit);
  const bool up = order > 0 || (order == 0 && CompareIntegers(odd, Value{int64_t{1}}) == 0);
  ASSIGN_OR_RETURN(const Value units,
                   IntegerArithmetic("+", down, Value{int64_t{up ? 1 : 0}}, budget));
  return IntegerArithmetic("*", units, unit, budget);
}

// Rounds value * 10 ** precision up or down, as jinja2 does.
Result RoundDirected(const Value& value, const Value& precision, bool up, Budget& budget) {
  ASSIGN_OR_RETURN(const Value scale, Arithmetic("**", Value{kDecimal}, precision, budget));
  ASSIGN_OR_RETURN(Value scaled, Arithmetic("*", value, scale, budget));
  if (const auto* real = scaled.As<double>()) {
    ASSIGN_OR_RETURN(scaled, FloatToInteger(up ? std::ceil(*real) : std::floor(*real)));
  }
  if (!scaled.IsInteger()) return TypeError("round", "a number", value);
  return Arithmetic("/", scaled, scale, budget);
}

Result Round(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"precision", "method"}));
  ASSIGN_OR_RETURN(const std::string method, bound.GetString("method", "common"));
  if (method != "common" && method != "ceil" && method != "floor") {
    return absl::InvalidArgumentError("round: 'method' must be common, ceil or floor");
  }
  const Value precision = bound.GetOr("precision", Value{int64_t{0}});
  const Value& value = call.value;
  if (method != "common") {
    return RoundDirected(value, precision, method == "ceil", call.run.budget());
  }
  const auto* real = value.As<double>();
  if (real == nullptr && !value.IsInteger()) return TypeError(call.name, "a number", value);
  if (precision.IsNone()) {
    return real == nullptr ? ApplySign("+", value) : FloatToInteger(std::nearbyint(*real));
  }
  ASSIGN_OR_RETURN(const int64_t digits, bound.GetClamped("precision", 0));
  if (real != nullptr) return RoundFloat(*real, digits);
  return RoundInteger(value, digits, call.run.budget());
}

// Python's f"{value:.1f}".
std::string OneDecimal(double value) { return absl::StrFormat("%.1f", value); }

Result FileSize(const FilterCall& call) {
  constexpr std::string_view kPrefixes = "kMGTPEZY";
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"binary"}));
  std::optional<double> bytes;
  if (const auto* text = call.value.AsString()) bytes = ParseFloat(*text);
  if (const auto* real = call.value.As<double>()) bytes = *real;
  if (call.value.IsInteger()) {
    ASSIGN_OR_RETURN(bytes, IntegerToFloat(call.value));
  }
  if (!bytes.has_value()) return TypeError(call.name, "a number", call.value);
  const bool binary = bound.GetBool("binary", false);
  const double base = binary ? 1024 : 1000;
  if (*bytes == 1) return Value::String("1 Byte");
  if (*bytes < base) {
    ASSIGN_OR_RETURN(const Value whole, FloatToInteger(*bytes));
    ASSIGN_OR_RETURN(const std::string digits, IntegerToString(whole));
    return Value::String(digits + " Bytes");
  }
  double unit = base;
  size_t prefix = 0;
  for (; prefix < kPrefixes.size(); ++prefix) {
    unit *= base;
    if (*bytes < unit) break;
  }
  prefix = std::min(prefix, kPrefixes.size() - 1);
  std::string name(1, kPrefixes[prefix]);
  if (binary) name = prefix == 0 ? "Ki" : name + "i";
  return Value::String(absl::StrCat(OneDecimal(base * *bytes / unit), " ", name, "B"));
}

}  // namespace

const Filters& NumberFilters() {
  static const auto* const kFilters = new Filters{{"int", Integer},
                                                  {"float", Float},
                                                  {"abs", Absolute},
                                                  {"round", Round},
                                                  {"filesizeformat", FileSize}};
  return *kFilters;
}

}  // namespace assay::jinja
