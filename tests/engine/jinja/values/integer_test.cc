// Integers beyond 64 bits.
#include "engine/jinja/values/integer.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

using testing::HasSubstr;

Value Integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  return *ParseDigits(text.substr(negative ? 1 : 0), 10, negative);
}

std::string Compute(std::string_view a, std::string_view op, std::string_view b) {
  Budget budget;
  const Result result = IntegerArithmetic(op, Integer(a), Integer(b), budget);
  if (!result.ok()) return std::string(result.status().message());
  const absl::StatusOr<std::string> text = IntegerToString(*result);
  return text.ok() ? *text : std::string(text.status().message());
}

TEST(IntegerTest, ArithmeticGrowsBeyond64Bits) {
  EXPECT_EQ(Compute("9223372036854775807", "+", "1"), "9223372036854775808");
  EXPECT_EQ(Compute("-9223372036854775808", "-", "1"), "-9223372036854775809");
  EXPECT_EQ(Compute("18446744073709551616", "*", "18446744073709551616"),
            "340282366920938463463374607431768211456");
  EXPECT_EQ(Compute("2", "**", "100"), "1267650600228229401496703205376");
  EXPECT_EQ(Compute("-9223372036854775808", "//", "-1"), "9223372036854775808");
}

TEST(IntegerTest, ResultsThatFitUse64Bits) {
  Budget budget;
  const Result difference =
      IntegerArithmetic("-", Integer("9223372036854775808"), Integer("1"), budget);
  EXPECT_NE(difference->As<int64_t>(), nullptr);
}

TEST(IntegerTest, DivisionRoundsTowardsMinusInfinity) {
  EXPECT_EQ(Compute("-7", "//", "2"), "-4");
  EXPECT_EQ(Compute("-7", "%", "3"), "2");
  EXPECT_EQ(Compute("-100000000000000000000", "//", "30000000000000000000"), "-4");
  EXPECT_EQ(Compute("-100000000000000000000", "%", "30000000000000000000"), "20000000000000000000");
  EXPECT_EQ(Compute("1", "//", "0"), "division by zero");
}

TEST(IntegerTest, TrueDivisionRoundsOnce) {
  const auto divide = [](std::string_view a, std::string_view b) {
    return *DivideIntegers(Integer(a), Integer(b))->As<double>();
  };
  EXPECT_EQ(divide("9007199254740993", "1"), 9007199254740992.0);
  EXPECT_EQ(divide("18014398509481985", "2"), 9007199254740992.0);
  EXPECT_EQ(divide("1", "3"), 1.0 / 3);
  EXPECT_EQ(divide("1" + std::string(400, '0'), "1" + std::string(399, '0')), 10.0);
  EXPECT_EQ(divide("1", "5" + std::string(323, '0')), 0.0);
  EXPECT_FALSE(DivideIntegers(Integer("1" + std::string(400, '0')), Integer("1")).ok());
}

TEST(IntegerTest, ComparesExactlyWithFloats) {
  EXPECT_LT(CompareIntegerWithFloat(Integer("9007199254740993"), 9007199254740994.0), 0);
  EXPECT_GT(CompareIntegerWithFloat(Integer("9007199254740993"), 9007199254740992.0), 0);
  EXPECT_EQ(CompareIntegerWithFloat(Integer("18446744073709551616"), 18446744073709551616.0), 0);
  EXPECT_LT(CompareIntegerWithFloat(Integer("-1"), -0.5), 0);
  EXPECT_LT(CompareIntegerWithFloat(Integer("1"), std::numeric_limits<double>::infinity()), 0);
}

TEST(IntegerTest, HugeResultsAreRefusedAtOnce) {
  EXPECT_THAT(Compute("10", "**", "10000000000"), HasSubstr("grows beyond 32768 bits"));
  EXPECT_THAT(Compute("3", "**", "99999999999999999999"), HasSubstr("grows beyond"));
  EXPECT_EQ(Compute("-1", "**", "99999999999999999999"), "-1");
  const std::string large = "1" + std::string(4200, '0');
  EXPECT_THAT(Compute(large, "*", large),
              HasSubstr("of more than 4300 digits cannot become a string"));
}

TEST(IntegerTest, DigitsHaveABase) {
  EXPECT_EQ(*IntegerDigits(Integer("0"), 2), "0");
  EXPECT_EQ(*IntegerDigits(Integer("-10"), 2), "1010");
  EXPECT_EQ(*IntegerDigits(Integer("64"), 8), "100");
  EXPECT_EQ(*IntegerDigits(Integer("18446744073709551616"), 16), "10000000000000000");
  EXPECT_EQ(*IntegerToString(Integer(std::string(4300, '9'))), std::string(4300, '9'));
}

TEST(IntegerTest, WorkIsBudgeted) {
  Budget budget;
  const Value large = *IntegerArithmetic("**", Integer("10"), Integer("4000"), budget);
  absl::Status status;
  int products = 0;
  while (status.ok()) {
    status = IntegerArithmetic("*", large, large, budget).status();
    ++products;
  }
  EXPECT_THAT(std::string(status.message()), HasSubstr("steps"));
  EXPECT_LT(products, 5000);
}

TEST(IntegerTest, EqualNumbersHaveEqualHashes) {
  EXPECT_EQ(HashNumber(Value{true}), HashNumber(Value{1.0}));
  EXPECT_EQ(HashNumber(Integer("18446744073709551616")), HashNumber(Value{18446744073709551616.0}));
}

}  // namespace
}  // namespace assay::jinja
