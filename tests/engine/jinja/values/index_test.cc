// Items and slices.
#include "engine/jinja/values/index.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

Value Integer(int64_t value) { return {value}; }

std::string Slice(const std::string& text, const Value& start, const Value& stop,
                  const Value& step) {
  Budget budget;
  const Result slice = SliceValue(Value::String(text), start, stop, step, budget);
  return slice.ok() ? *slice->AsString() : std::string(slice.status().message());
}

TEST(IndexTest, NegativeIndicesCountFromTheEnd) {
  Budget budget;
  const Value text = Value::String("a\u00e9\u4e16");
  EXPECT_EQ(*(*FindItem(text, Integer(-1), budget))->AsString(), "\u4e16");
  EXPECT_FALSE(FindItem(text, Integer(3), budget)->has_value());
  EXPECT_FALSE(FindItem(Value{}, Integer(0), budget)->has_value());
}

TEST(IndexTest, SlicesFollowPythonsIndices) {
  const Value none = Value::None();
  EXPECT_EQ(Slice("abcdef", none, none, Integer(-1)), "fedcba");
  EXPECT_EQ(Slice("abcdef", Integer(-2), none, none), "ef");
  EXPECT_EQ(Slice("abcdef", Integer(1), Integer(99), Integer(2)), "bdf");
  EXPECT_EQ(Slice("abc", none, none, Integer(0)), "a slice's step must be an integer other than 0");
  EXPECT_EQ(Slice("abc", Value::String("x"), none, none), "a slice needs integers, not str");
}

TEST(IndexTest, SlicesOfRangesAreRanges) {
  Budget budget;
  const Value slice = *SliceValue(*MakeRange(0, 10, 1), Integer(2), Integer(8), Integer(3), budget);
  EXPECT_EQ(slice.AsSequence()->kind, SequenceKind::kRange);
  EXPECT_EQ(slice.AsSequence()->start, 2);
  EXPECT_EQ(slice.AsSequence()->step, 3);
  EXPECT_EQ(slice.AsSequence()->items.size(), 2);
}

TEST(IndexTest, RangesAreLimited) {
  EXPECT_TRUE(MakeRange(0, 100000, 1).ok());
  EXPECT_FALSE(MakeRange(0, 100001, 1).ok());
  EXPECT_FALSE(MakeRange(0, 1, 0).ok());
}

}  // namespace
}  // namespace assay::jinja
