// Equality and order of values.
#include "engine/jinja/values/comparison.h"

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

TEST(ComparisonTest, NumbersOfDifferentTypesAreEqual) {
  EXPECT_EQ(NumbersEqual(Value{true}, Value{1.0}), true);
  EXPECT_EQ(NumbersEqual(Value{int64_t{1}}, Value::String("1")), std::nullopt);
  // The two are equal as doubles.
  EXPECT_EQ(NumbersEqual(Value{int64_t{9007199254740993}}, Value{int64_t{9007199254740992}}),
            false);
}

TEST(ComparisonTest, ListsCompareItemByItem) {
  Budget budget;
  const Value shorter = *MakeList({Value{int64_t{1}}});
  const Value longer = *MakeList({Value{int64_t{1}}, Value{int64_t{0}}});
  EXPECT_TRUE(*ValuesEqual(shorter, *MakeList({Value{1.0}}), budget));
  EXPECT_FALSE(*ValuesEqual(shorter, longer, budget));
  EXPECT_TRUE(*ValueLess(shorter, longer, budget));
  EXPECT_FALSE(*ValueLess(longer, shorter, budget));
}

TEST(ComparisonTest, TypesWithoutOrderAreRefused) {
  Budget budget;
  EXPECT_EQ(ValueLess(Value{int64_t{1}}, Value::String("a"), budget).status(),
            absl::InvalidArgumentError("'<' is not supported between int and str"));
}

}  // namespace
}  // namespace assay::jinja
