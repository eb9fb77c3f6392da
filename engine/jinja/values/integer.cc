// Python's integers: 64 bits where they fit, Boost's cpp_int beyond.
#include "engine/jinja/values/integer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ios>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/values/big_integer.h"

namespace assay::jinja {
namespace {

using boost::multiprecision::cpp_int;

constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr size_t kLimbBits = 64;
// A product of two numbers of this many limbs, in total, costs one step.
constexpr size_t kLimbProductsPerStep = 64;

absl::Status TooLarge() {
  return absl::InvalidArgumentError(
      absl::StrCat("an integer grows beyond ", kMaxIntegerBits, " bits"));
}
absl::Status DivisionByZero() { return absl::InvalidArgumentError("division by zero"); }

cpp_int ToBig(const Value& value) {
  if (const auto* big = value.AsBigInteger()) return big->value;
  int64_t small = 0;
  AsInteger(value, &small);
  return small;
}

size_t Bits(const cpp_int& value) {
  return value.is_zero() ? 0 : boost::multiprecision::msb(cpp_int(abs(value))) + 1;
}

// Uses 64 bits if the number fits.
Result FromBig(cpp_int value) {
  if (Bits(value) > kMaxIntegerBits) return TooLarge();
  if (value >= std::numeric_limits<int64_t>::min() &&
      value <= std::numeric_limits<int64_t>::max()) {
    return Value{static_cast<int64_t>(value)};
  }
  return Value{std::make_shared<const BigInteger>(BigInteger{std::move(value)})};
}

// Computes in 64 bits. Returns false if the result does not fit, or for another operator.
bool SmallArithmetic(std::string_view op, int64_t a, int64_t b, int64_t* out) {
  if (op == "+") return !__builtin_add_overflow(a, b, out);
  if (op == "-") return !__builtin_sub_overflow(a, b, out);
  if (op == "*") return !__builtin_mul_overflow(a, b, out);
  if ((op != "//" && op != "%") || b == 0 || b == -1) return false;
  const int64_t rest = a % b;
  const bool adjusted = rest != 0 && (rest < 0) != (b < 0);
  *out = op == "//" ? a / b - (adjusted ? 1 : 0) : rest + (adjusted ? b : 0);
  return true;
}

Result FloorDivision(std::string_view op, const cpp_int& a, const cpp_int& b) {
  cpp_int quotient;
  cpp_int rest;
  boost::multiprecision::divide_qr(a, b, quotient, rest);
  if (!rest.is_zero() && (rest.sign() < 0) != (b.sign() < 0)) {
    --quotient;
    rest += b;
  }
  return FromBig(op == "//" ? std::move(quotient) : std::move(rest));
}

Result Power(const Value& base, const Value& exponent, Budget& budget) {
  if (IsNegative(exponent)) {
    ASSIGN_OR_RETURN(const double x, IntegerToFloat(base));
    ASSIGN_OR_RETURN(const double y, IntegerToFloat(exponent));
    if (x == 0) return DivisionByZero();
    return Value{std::pow(x, y)};
  }
  const cpp_int big = ToBig(base);
  if (big.is_zero() || big == 1 || big == -1) {
    const bool odd = BitLength(exponent) > 0 && bit_test(cpp_int(abs(ToBig(exponent))), 0);
    const bool zero_exponent = CompareIntegers(exponent, Value{int64_t{0}}) == 0;
    return zero_exponent ? Value{int64_t{1}} : FromBig(odd ? big : cpp_int(big * big));
  }
  int64_t times = 0;
  if (!AsInteger(exponent, &times) || times > static_cast<int64_t>(kMaxIntegerBits)) {
    return TooLarge();
  }
  if ((Bits(big) - 1) * static_cast<size_t>(times) > kMaxIntegerBits) return TooLarge();
  const size_t limbs = Bits(big) * static_cast<size_t>(times) / kLimbBits + 1;
  RETURN_IF_ERROR(budget.Spend(static_cast<int64_t>(limbs * limbs / kLimbProductsPerStep)));
  return FromBig(boost::multiprecision::pow(big, static_cast<unsigned>(times)));
}

absl::StatusOr<std::string> DecimalDigits(const cpp_int& size) {
  // A decimal digit has 3.3 bits. The conversion takes long, so it starts only if it can succeed.
  if (Bits(size) * 3 <= kMaxIntegerDigits * 10) {
    std::string digits = size.str();
    if (digits.size() <= kMaxIntegerDigits) return digits;
  }
  return absl::InvalidArgumentError(absl::StrCat("an integer of more than ", kMaxIntegerDigits,
                                                 " digits cannot become a string"));
}

// Returns the sign of a - b, where b must be finite.
int CompareBigWithFloat(const cpp_int& a, double b) {
  const cpp_int whole(std::trunc(b));
  if (a != whole) return a < whole ? -1 : 1;
  const double fraction = b - std::trunc(b);
  return fraction > 0 ? -1 : (fraction < 0 ? 1 : 0);
}

// Returns the quotient of positive numbers, rounded half to even.
absl::StatusOr<double> DividePositive(cpp_int a, cpp_int b) {
  constexpr int kQuotientBits = 66;  // 53 of the result, and more to round correctly.
  constexpr int kMantissaBits = 53;
  constexpr int kMinExponent = -1074;
  const int shift = kQuotientBits - static_cast<int>(Bits(a)) + static_cast<int>(Bits(b));
  if (shift > 0) a <<= static_cast<unsigned>(shift);
  if (shift < 0) b <<= static_cast<unsigned>(-shift);
  cpp_int quotient;
  cpp_int rest;
  boost::multiprecision::divide_qr(a, b, quotient, rest);
  const int bits = static_cast<int>(Bits(quotient));
  const int dropped = std::max(bits - kMantissaBits, kMinExponent + shift);
  cpp_int kept = quotient >> static_cast<unsigned>(dropped);
  const cpp_int lost = quotient - (kept << static_cast<unsigned>(dropped));
  const cpp_int half = cpp_int(1) << static_cast<unsigned>(dropped - 1);
  if (lost > half || (lost == half && (!rest.is_zero() || bit_test(kept, 0)))) ++kept;
  const double result = std::ldexp(static_cast<double>(kept), dropped - shift);
  if (std::isinf(result)) {
    return absl::InvalidArgumentError("an integer division is too large for a float");
  }
  return result;
}

}  // namespace

Result IntegerArithmetic(std::string_view op, const Value& a, const Value& b, Budget& budget) {
  int64_t x = 0;
  int64_t y = 0;
  int64_t small = 0;
  if (AsInteger(a, &x) && AsInteger(b, &y) && SmallArithmetic(op, x, y, &small)) {
    return Value{small};
  }
  if (op == "**") return Power(a, b, budget);
  const cpp_int left = ToBig(a);
  const cpp_int right = ToBig(b);
  const size_t products = (Bits(left) / kLimbBits + 1) * (Bits(right) / kLimbBits + 1);
  RETURN_IF_ERROR(budget.Spend(static_cast<int64_t>(products / kLimbProductsPerStep)));
  if (op == "+") return FromBig(left + right);
  if (op == "-") return FromBig(left - right);
  if (op == "*") return FromBig(left * right);
  if (right.is_zero()) return DivisionByZero();
  return FloorDivision(op, left, right);
}

Result DivideIntegers(const Value& a, const Value& b) {
  const cpp_int left = ToBig(a);
  const cpp_int right = ToBig(b);
  if (right.is_zero()) return DivisionByZero();
  if (left.is_zero()) return Value{right.sign() < 0 ? -0.0 : 0.0};
  ASSIGN_OR_RETURN(const double size, DividePositive(abs(left), abs(right)));
  return Value{(left.sign() < 0) != (right.sign() < 0) ? -size : size};
}

Result Negate(const Value& a) { return FromBig(-ToBig(a)); }

int CompareIntegers(const Value& a, const Value& b) {
  int64_t x = 0;
  int64_t y = 0;
  if (AsInteger(a, &x) && AsInteger(b, &y)) return x < y ? -1 : (x > y ? 1 : 0);
  return ToBig(a).compare(ToBig(b));
}

int CompareIntegerWithFloat(const Value& a, double b) {
  if (std::isinf(b)) return b > 0 ? -1 : 1;
  int64_t small = 0;
  constexpr int64_t kExact = int64_t{1} << 53;
  if (AsInteger(a, &small) && small >= -kExact && small <= kExact) {
    const auto x = static_cast<double>(small);
    return x < b ? -1 : (x > b ? 1 : 0);
  }
  return CompareBigWithFloat(ToBig(a), b);
}

absl::StatusOr<double> IntegerToFloat(const Value& a) {
  int64_t small = 0;
  if (AsInteger(a, &small)) return static_cast<double>(small);
  const cpp_int big = ToBig(a);
  absl::StatusOr<double> size = DividePositive(abs(big), 1);
  if (!size.ok()) return absl::InvalidArgumentError("an integer is too large for a float");
  return big.sign() < 0 ? -*size : *size;
}

Result FloatToInteger(double value) {
  if (!std::isfinite(value)) {
    return absl::InvalidArgumentError("an infinite float or NaN cannot be an integer");
  }
  if (value >= -kTwoTo63 && value < kTwoTo63) return Value{static_cast<int64_t>(value)};
  return FromBig(cpp_int(std::trunc(value)));
}

absl::StatusOr<std::string> IntegerDigits(const Value& a, unsigned base) {
  const cpp_int size = abs(ToBig(a));
  if (base == 8) return size.str(0, std::ios_base::oct);
  if (base == 10) return DecimalDigits(size);
  const std::string hex = size.str(0, std::ios_base::hex);
  if (base == 16) return hex;
  std::string bits;
  for (const char c : hex) {
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    for (const int bit : {8, 4, 2, 1}) bits += (digit & bit) != 0 ? '1' : '0';
  }
  bits.erase(0, std::min(bits.find('1'), bits.size() - 1));
  return bits;
}

absl::StatusOr<std::string> IntegerToString(const Value& a) {
  int64_t small = 0;
  if (AsInteger(a, &small)) return absl::StrCat(small);
  ASSIGN_OR_RETURN(std::string digits, IntegerDigits(a, 10));
  return IsNegative(a) ? "-" + digits : digits;
}

Result ParseDigits(std::string_view digits, unsigned base, bool negative) {
  // Python has no limit on the digits of a base that is a power of 2.
  const size_t limit = std::has_single_bit(base) ? kMaxIntegerBits : kMaxIntegerDigits;
  if (digits.size() > limit) {
    return absl::InvalidArgumentError(absl::StrCat("an integer has ", digits.size(),
                                                   " digits; at most ", limit, " are supported"));
  }
  // Groups of digits that fit into 64 bits keep the number of long multiplications small.
  cpp_int value = 0;
  uint64_t group = 0;
  uint64_t scale = 1;
  for (const char c : digits) {
    const auto digit = static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    group = group * base + digit;
    scale *= base;
    if (scale < std::numeric_limits<uint64_t>::max() / base / base) continue;
    value = value * scale + group;
    group = 0;
    scale = 1;
  }
  value = value * scale + group;
  return FromBig(negative ? cpp_int(-value) : value);
}

int64_t BitLength(const Value& a) { return static_cast<int64_t>(Bits(ToBig(a))); }

int64_t BitCount(const Value& a) {
  cpp_int rest = abs(ToBig(a));
  int64_t count = 0;
  for (; !rest.is_zero(); rest >>= kLimbBits) {
    count += std::popcount(static_cast<uint64_t>(rest & std::numeric_limits<uint64_t>::max()));
  }
  return count;
}

bool IsNegative(const Value& a) {
  int64_t small = 0;
  return AsInteger(a, &small) ? small < 0 : a.AsBigInteger()->value.sign() < 0;
}

uint64_t HashNumber(const Value& number) {
  Value whole = number;
  if (const auto* real = number.As<double>()) {
    if (!std::isfinite(*real) || std::trunc(*real) != *real) return absl::HashOf(*real);
    whole = *FloatToInteger(*real);
  }
  int64_t small = 0;
  if (AsInteger(whole, &small)) return absl::HashOf(small);
  const cpp_int low = abs(ToBig(whole)) & std::numeric_limits<uint64_t>::max();
  return absl::HashOf(static_cast<uint64_t>(low), BitLength(whole));
}

bool AsNumber(const Value& value, double* out) {
  if (const auto* real = value.As<double>()) {
    *out = *real;
    return true;
  }
  if (!value.IsInteger()) return false;
  const absl::StatusOr<double> number = IntegerToFloat(value);
  *out = number.ok() ? *number
                     : std::copysign(std::numeric_limits<double>::infinity(),
                                     IsNegative(value) ? -1.0 : 1.0);
  return true;
}

}  // namespace assay::jinja
