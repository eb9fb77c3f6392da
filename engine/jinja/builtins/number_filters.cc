// The filters that make and round numbers.
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/values/operators.h"
#include "engine/jinja/values/strings.h"

namespace assay::jinja {
namespace {

constexpr int kDecimal = 10;
// More digits after the decimal point do not distinguish doubles.
constexpr int64_t kMaxPrecision = 17;

// Python's int(float), which rounds towards zero. Returns false beyond 64 bits.
bool Truncate(double value, int64_t* out) {
  // The lower bound itself is an int64_t, the upper one is not.
  constexpr double kLimit = 9223372036854775808.0;
  if (!(value >= -kLimit && value < kLimit)) return false;
  *out = static_cast<int64_t>(value);
  return true;
}

// Python's int(text, base). Underscores, base 0 and prefixes are not supported.
bool ParseInteger(std::string_view text, int base, int64_t* out) {
  const std::string digits(StripString(text, nullptr, true, true));
  return absl::numbers_internal::safe_strtoi_base(digits, out, base);
}

bool ParseFloat(std::string_view text, double* out) {
  const std::string digits(StripString(text, nullptr, true, true));
  return absl::SimpleAtod(digits, out);
}

Result Integer(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"default", "base"}));
  ASSIGN_OR_RETURN(const int64_t base, bound.GetInteger("base", kDecimal));
  if (base != 2 && base != 8 && base != kDecimal && base != 16) {
    return absl::UnimplementedError(absl::StrCat("int with base ", base, " is not supported"));
  }
  int64_t whole = 0;
  double real = 0;
  if (AsInteger(call.value, &whole)) return Value{whole};
  if (const auto* text = call.value.AsString()) {
    if (ParseInteger(*text, static_cast<int>(base), &whole)) return Value{whole};
    if (ParseFloat(*text, &real) && Truncate(real, &whole)) return Value{whole};
  } else if (AsNumber(call.value, &real) && Truncate(real, &whole)) {
    return Value{whole};
  }
  return bound.GetOr("default", Value{int64_t{0}});
}

Result Float(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"default"}));
  double real = 0;
  if (AsNumber(call.value, &real)) return Value{real};
  if (const auto* text = call.value.AsString(); text != nullptr && ParseFloat(*text, &real)) {
    return Value{real};
  }
  return bound.GetOr("default", Value{0.0});
}

Result Absolute(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {}));
  int64_t whole = 0;
  if (const auto* real = call.value.As<double>()) return Value{std::fabs(*real)};
  if (!AsInteger(call.value, &whole)) return TypeError(call.name, "a number", call.value);
  return whole < 0 ? ApplySign("-", Value{whole}) : Value{whole};
}

// Python's round(): the decimal number nearest to the exact value, with ties to even.
double RoundCommon(double value, int64_t precision) {
  if (precision == 0) return std::nearbyint(value);
  double rounded = 0;
  const std::string digits = absl::StrFormat("%.*f", static_cast<int>(precision), value);
  return absl::SimpleAtod(digits, &rounded) ? rounded : value;
}

Result Round(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"precision", "method"}));
  ASSIGN_OR_RETURN(const int64_t precision, bound.GetInteger("precision", 0));
  ASSIGN_OR_RETURN(const std::string method, bound.GetString("method", "common"));
  if (precision < 0 || precision > kMaxPrecision) {
    return absl::UnimplementedError(
        absl::StrCat("round to ", precision, " digits is not supported"));
  }
  double value = 0;
  if (!AsNumber(call.value, &value)) return TypeError(call.name, "a number", call.value);
  if (method == "common") {
    int64_t whole = 0;
    if (AsInteger(call.value, &whole)) return Value{whole};
    return Value{RoundCommon(value, precision)};
  }
  const double scale = std::pow(10.0, static_cast<double>(precision));
  if (method == "ceil") return Value{std::ceil(value * scale) / scale};
  if (method == "floor") return Value{std::floor(value * scale) / scale};
  return absl::InvalidArgumentError("round: 'method' must be common, ceil or floor");
}

}  // namespace

const Filters& NumberFilters() {
  static const auto* const kFilters =
      new Filters{{"int", Integer}, {"float", Float}, {"abs", Absolute}, {"round", Round}};
  return *kFilters;
}

}  // namespace assay::jinja
