// Python's str() and repr().
#include "engine/jinja/values/to_string.h"

#include <cstdint>
#include <limits>
#include <memory>

#include "absl/status/status.h"
#include "engine/jinja/values/index.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/map.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

TEST(ToStringTest, FloatsHaveTheShortestDigits) {
  EXPECT_EQ(ReprOfFloat(1.0), "1.0");
  EXPECT_EQ(ReprOfFloat(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(ReprOfFloat(1e16), "1e+16");
  EXPECT_EQ(ReprOfFloat(1e-5), "1e-05");
  EXPECT_EQ(ReprOfFloat(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(ToStringTest, StringsAreQuotedOnlyInRepr) {
  EXPECT_EQ(*ToString(Value::String("a'b")), "a'b");
  EXPECT_EQ(*Repr(Value::String("a'b")), "\"a'b\"");
  EXPECT_EQ(ReprOfString("'\"\n\x01\u00a0\u00e9"), "'\\'\"\\n\\x01\\xa0\u00e9'");
}

TEST(ToStringTest, ContainersShowTheReprOfTheirItems) {
  Map map;
  ASSERT_TRUE(map.Set(Value::String("a"), Value::None()).ok());
  ASSERT_TRUE(map.Set(Value{int64_t{2}}, Value{true}).ok());
  EXPECT_EQ(*ToString(*MakeMap(map)), "{'a': None, 2: True}");
  EXPECT_EQ(*ToString(*MakeSequence(SequenceKind::kTuple, {Value::String("x")})), "('x',)");
}

TEST(ToStringTest, UndefinedIsEmptyAndGeneratorsAreRefused) {
  EXPECT_EQ(*ToString(Value{}), "");
  EXPECT_EQ(ToString(*MakeIterator(std::make_shared<ListIterator>(List(), 0))).status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST(ToStringTest, RangesShowTheirBounds) {
  EXPECT_EQ(*ToString(*MakeRange(1, 5, 1)), "range(1, 5)");
  EXPECT_EQ(*ToString(*MakeRange(5, 0, -2)), "range(5, 0, -2)");
}

}  // namespace
}  // namespace assay::jinja
