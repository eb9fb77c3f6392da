// Arithmetic, comparison and concatenation.
#include "engine/jinja/values/operators.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

using testing::HasSubstr;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

Result Apply(int64_t left, std::string_view op, int64_t right) {
  Budget budget;
  return Arithmetic(op, Value{left}, Value{right}, budget);
}

TEST(OperatorsTest, DivisionRoundsTowardsMinusInfinity) {
  EXPECT_EQ(*Apply(-7, "//", 2)->As<int64_t>(), -4);
  EXPECT_EQ(*Apply(-7, "%", 3)->As<int64_t>(), 2);
  EXPECT_EQ(*Apply(7, "/", 2)->As<double>(), 3.5);
}

TEST(OperatorsTest, DivisionByZeroAndComplexPowersAreErrors) {
  Budget budget;
  EXPECT_EQ(Arithmetic("**", Value{-8.0}, Value{0.5}, budget).status().code(),
            absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(Arithmetic("**", Value{1e300}, Value{2.0}, budget).status().message()),
              HasSubstr("out of range"));
  EXPECT_THAT(std::string(Apply(5, "%", 0).status().message()), HasSubstr("division by zero"));
  EXPECT_EQ(*Apply(-1, "**", kMax)->As<int64_t>(), -1);
}

TEST(OperatorsTest, FloatsDivideLikePython) {
  Budget budget;
  const auto apply = [&](double a, std::string_view op, double b) {
    return *Arithmetic(op, Value{a}, Value{b}, budget)->As<double>();
  };
  EXPECT_EQ(apply(-7.5, "%", 2), 0.5);
  EXPECT_EQ(apply(-7.5, "//", 2), -4.0);
  EXPECT_EQ(apply(1e22, "//", 3), 3.3333333333333335e21);
  EXPECT_TRUE(std::signbit(apply(0.0, "%", -3)));
}

TEST(OperatorsTest, UnsupportedOperandsAreNamed) {
  Budget budget;
  EXPECT_EQ(Arithmetic("+", Value{true}, Value::String("a"), budget).status(),
            absl::InvalidArgumentError("'+' is not supported between bool and str"));
  EXPECT_EQ(ApplySign("-", Value::String("a")).status(),
            absl::InvalidArgumentError("'-' needs a number, not str"));
}

TEST(OperatorsTest, MarkupEscapesWhatIsAdded) {
  Budget budget;
  const Result sum = Arithmetic("+", Value::String("<a>", true), Value::String("<b>"), budget);
  EXPECT_EQ(*sum->AsString(), "<a>&lt;b&gt;");
  EXPECT_TRUE(sum->IsMarkup());
}

TEST(OperatorsTest, ComparisonsWithNanAreFalse) {
  Budget budget;
  const Value nan = {std::nan("")};
  for (const char* op : {"<", "<=", ">", ">=", "=="}) {
    EXPECT_FALSE(*Compare(op, nan, Value{1.0}, budget)) << op;
  }
}

TEST(OperatorsTest, ConcatenationConvertsToStrings) {
  EXPECT_EQ(*Concatenate({Value::String("a"), Value{int64_t{1}}, Value::None()})->AsString(),
            "a1None");
}

}  // namespace
}  // namespace assay::jinja
