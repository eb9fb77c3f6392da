// Python's integers, of any size up to a limit, and their relation to floats.
#ifndef ASSAY_ENGINE_JINJA_VALUES_INTEGER_H_
#define ASSAY_ENGINE_JINJA_VALUES_INTEGER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// The size of the largest integer, about 10,000 decimal digits.
inline constexpr size_t kMaxIntegerBits = size_t{1} << 15;
// As in Python, an integer with more decimal digits cannot be converted from or to a string.
inline constexpr size_t kMaxIntegerDigits = 4300;

// Each function with integer parameters requires integers (Value::IsInteger()), of which booleans
// count as 0 and 1. Each returns INVALID_ARGUMENT for what Python refuses and for integers of more
// than kMaxIntegerBits.

// Applies + - * // % or **. A power with a negative exponent is a float.
Result IntegerArithmetic(std::string_view op, const Value& a, const Value& b, Budget& budget);
// Python's a / b, rounded once.
Result DivideIntegers(const Value& a, const Value& b);
Result Negate(const Value& a);

// Returns a negative number, 0 or a positive number. The second compares exactly; `b` must not be
// NaN.
int CompareIntegers(const Value& a, const Value& b);
int CompareIntegerWithFloat(const Value& a, double b);

absl::StatusOr<double> IntegerToFloat(const Value& a);
// Python's int(float), which rounds towards zero.
Result FloatToInteger(double value);

// Returns the digits of the absolute value in base 2, 8, 10 or 16.
absl::StatusOr<std::string> IntegerDigits(const Value& a, unsigned base);
absl::StatusOr<std::string> IntegerToString(const Value& a);
// Parses ASCII digits and lower-case letters of a base from 2 to 36; `digits` must not be empty.
Result ParseDigits(std::string_view digits, unsigned base, bool negative);
// The number of bits of the absolute value, and of those that are 1.
int64_t BitLength(const Value& a);
int64_t BitCount(const Value& a);
bool IsNegative(const Value& a);

// Equal numbers have equal hashes. `number` must be an integer or a float.
uint64_t HashNumber(const Value& number);

// Reads an integer or a float. Returns false for every other type. An integer beyond the floats
// becomes infinite.
bool AsNumber(const Value& value, double* out);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_INTEGER_H_
