// The methods of integers and floats.
#include "engine/jinja/builtins/number_methods.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/values/integer.h"

namespace assay::jinja {
namespace {

constexpr std::array<std::string_view, 6> kIntegerMethods = {
    "as_integer_ratio", "bit_count", "bit_length", "conjugate", "from_bytes", "to_bytes"};
constexpr std::array<std::string_view, 5> kFloatMethods = {"as_integer_ratio", "conjugate",
                                                           "fromhex", "hex", "is_integer"};

template <size_t N>
bool Contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Python's float.hex(): a mantissa of 13 digits and an exponent with its sign.
std::string Hex(double value) {
  if (std::isnan(value)) return "nan";
  const std::string sign = std::signbit(value) ? "-" : "";
  if (std::isinf(value)) return sign + "inf";
  if (value == 0) return sign + "0x0.0p+0";
  constexpr int kMinExponent = -1022;
  constexpr int kDigits = 13;
  int exponent = 0;
  double mantissa = std::frexp(std::fabs(value), &exponent);
  const int shift = 1 - std::max(kMinExponent - (exponent - 1), 0);
  mantissa = std::ldexp(mantissa, shift);
  exponent -= shift;
  std::string text = absl::StrCat(sign, "0x", static_cast<int>(mantissa), ".");
  mantissa -= static_cast<int>(mantissa);
  for (int i = 0; i < kDigits; ++i) {
    mantissa *= 16;
    text += "0123456789abcdef"[static_cast<int>(mantissa)];
    mantissa -= static_cast<int>(mantissa);
  }
  return absl::StrCat(text, "p", exponent < 0 ? "-" : "+", std::abs(exponent));
}

Result Ratio(double value) {
  if (!std::isfinite(value)) {
    return absl::InvalidArgumentError("an infinite float or NaN has no integer ratio");
  }
  int exponent = 0;
  double mantissa = std::frexp(value, &exponent);
  while (mantissa != std::trunc(mantissa)) {
    mantissa *= 2;
    --exponent;
  }
  Budget budget;
  ASSIGN_OR_RETURN(Value numerator, FloatToInteger(mantissa));
  Value denominator{int64_t{1}};
  ASSIGN_OR_RETURN(
      const Value scale,
      IntegerArithmetic("**", Value{int64_t{2}}, Value{int64_t{std::abs(exponent)}}, budget));
  if (exponent > 0) {
    ASSIGN_OR_RETURN(numerator, IntegerArithmetic("*", numerator, scale, budget));
  } else {
    denominator = scale;
  }
  return MakeTuple({numerator, denominator});
}

}  // namespace

bool HasNumberMethod(const Value& number, std::string_view name) {
  return number.IsInteger() ? Contains(kIntegerMethods, name) : Contains(kFloatMethods, name);
}

Result CallNumberMethod(const Value& number, std::string_view name, const Arguments& arguments) {
  if (name == "to_bytes" || name == "from_bytes" || name == "fromhex") {
    return absl::UnimplementedError(
        absl::StrCat("the method ", std::string(name), "() of numbers is not supported"));
  }
  RETURN_IF_ERROR(BoundArguments::BindPositional(name, arguments, {}).status());
  if (const auto* real = number.As<double>()) {
    if (name == "is_integer") return Value{std::isfinite(*real) && std::trunc(*real) == *real};
    if (name == "hex") return Value::String(Hex(*real));
    return name == "conjugate" ? number : Ratio(*real);
  }
  if (name == "bit_length") return Value{BitLength(number)};
  if (name == "bit_count") return Value{BitCount(number)};
  int64_t whole = 0;
  const Value integer = AsInteger(number, &whole) ? Value{whole} : number;
  return name == "conjugate" ? integer : MakeTuple({integer, Value{int64_t{1}}});
}

}  // namespace assay::jinja
