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
  EXPECT_EQ(*IndexValue(Value::String("a\u00e9\u4e16"), Integer(-1))->AsString(), "\u4e16");
  EXPECT_TRUE(IndexValue(Value::String("a"), Integer(1))->IsUndefined());
  EXPECT_EQ(IndexValue(Value{}, Integer(0)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(IndexTest, SlicesFollowPythonsIndices) {
  const Value none = Value::None();
  EXPECT_EQ(Slice("abcdef", none, none, Integer(-1)), "fedcba");
  EXPECT_EQ(Slice("abcdef", Integer(-2), none, none), "ef");
  EXPECT_EQ(Slice("abcdef", Integer(1), Integer(99), Integer(2)), "bdf");
  EXPECT_EQ(Slice("abc", none, none, Integer(0)), "a slice's step must be a number other than 0");
  EXPECT_EQ(Slice("abc", Value::String("x"), none, none), "a slice needs integers, not str");
}

}  // namespace
}  // namespace assay::jinja
