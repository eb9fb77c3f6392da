// Truth, numbers, maps, and the limits on values.
#include "engine/jinja/values/value.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/map.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

using testing::HasSubstr;

TEST(ValueTest, TruthIsPythons) {
  EXPECT_FALSE(Value{}.IsTruthy());
  EXPECT_FALSE(Value::None().IsTruthy());
  EXPECT_FALSE(Value{0.0}.IsTruthy());
  EXPECT_FALSE(Value::String("").IsTruthy());
  EXPECT_FALSE(MakeList({})->IsTruthy());
  EXPECT_FALSE(MakeMap({})->IsTruthy());
  EXPECT_TRUE(Value::String("0").IsTruthy());
  EXPECT_TRUE(Value{int64_t{-1}}.IsTruthy());
  EXPECT_TRUE(MakeIterator(std::make_shared<ListIterator>(List(), 0))->IsTruthy());
}

TEST(ValueTest, BooleansAreIntegers) {
  int64_t integer = 0;
  EXPECT_TRUE(AsInteger(Value{true}, &integer));
  EXPECT_EQ(integer, 1);
  EXPECT_FALSE(AsInteger(Value{1.0}, &integer));
  double number = 0;
  EXPECT_TRUE(AsNumber(Value{2.5}, &number));
  EXPECT_EQ(number, 2.5);
  EXPECT_FALSE(AsNumber(Value::String("1"), &number));
}

TEST(ValueTest, EqualNumbersAreOneKey) {
  Map map;
  ASSERT_TRUE(map.Set(Value{int64_t{1}}, Value::String("a")).ok());
  ASSERT_TRUE(map.Set(Value::String("1"), Value::String("b")).ok());
  ASSERT_TRUE(map.Set(Value{1.0}, Value::String("c")).ok());
  EXPECT_EQ(map.entries().size(), 2);
  EXPECT_EQ(*(*map.Find(Value{true}))->AsString(), "c");
  EXPECT_EQ(*map.Find("1")->AsString(), "b");
  EXPECT_EQ(map.Find("2"), nullptr);
}

TEST(ValueTest, ListsAreNotKeys) {
  Map map;
  const absl::Status status = map.Set(*MakeList({}), Value::None());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a dictionary key cannot be of type list"));
}

TEST(ValueTest, NestingIsLimited) {
  Value value;
  for (int i = 0; i < kMaxNesting; ++i) {
    Result list = MakeList({value});
    ASSERT_TRUE(list.ok()) << list.status();
    value = *std::move(list);
  }
  EXPECT_EQ(value.Nesting(), kMaxNesting);
  EXPECT_THAT(std::string(MakeList({value}).status().message()), HasSubstr("nests deeper"));
}

TEST(ValueTest, KeysThatAreTuplesAreEqualByTheirItems) {
  Map map;
  const Value key = *MakeTuple({Value{int64_t{1}}, Value::String("a")});
  ASSERT_TRUE(map.Set(key, Value{true}).ok());
  EXPECT_NE(*map.Find(*MakeTuple({Value{1.0}, Value::String("a")})), nullptr);
  EXPECT_EQ(*map.Find(*MakeTuple({Value{1.5}, Value::String("a")})), nullptr);
}

TEST(ValueTest, KeysOfManyPartsAreRefused) {
  // Each level doubles the number of parts.
  Value key = Value::None();
  for (int i = 0; i < 50; ++i) key = *MakeTuple({key, key});
  EXPECT_EQ(Map().Find(key).status().code(), absl::StatusCode::kUnimplemented);
}

TEST(ValueTest, IterationConsumesIterators) {
  Budget budget;
  const Value generator = *MakeIterator(std::make_shared<ListIterator>(List{Value{true}}, 0));
  EXPECT_EQ(GetItems(generator, budget)->size(), 1);
  EXPECT_EQ(GetItems(generator, budget)->size(), 0);
  EXPECT_EQ(GetLength(generator).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ValueTest, StringsAreSequencesOfCharacters) {
  Budget budget;
  const Value text = Value::String("a\u00e9\u4e16");
  EXPECT_EQ(*GetLength(text), 3);
  EXPECT_EQ(*GetItems(text, budget)->at(2).AsString(), "\u4e16");
}

}  // namespace
}  // namespace assay::jinja
