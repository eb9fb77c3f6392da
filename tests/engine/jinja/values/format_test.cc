// The operator % and str.format().
#include "engine/jinja/values/format.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

using testing::HasSubstr;

Value Tuple(List items) { return *MakeSequence(SequenceKind::kTuple, std::move(items)); }

std::string Percent(const std::string& format, List items) {
  Budget budget;
  const Result text = FormatPercent(format, Tuple(std::move(items)), budget);
  return text.ok() ? *text->AsString() : std::string(text.status().message());
}

std::string Braces(const std::string& format, List items) {
  Budget budget;
  const Result text = FormatBraces(format, {.positional = std::move(items), .named = {}}, budget);
  return text.ok() ? *text->AsString() : std::string(text.status().message());
}

TEST(FormatTest, PercentFormatsLikePython) {
  EXPECT_EQ(Percent("%s is %d", {Value::String("x"), Value{int64_t{3}}}), "x is 3");
  EXPECT_EQ(Percent("%5.1f|%-5s|%05d|%%", {Value{2.25}, Value::String("a"), Value{int64_t{-42}}}),
            "  2.2|a    |-0042|%");
  EXPECT_EQ(Percent("%r %x", {Value::String("q"), Value{int64_t{255}}}), "'q' ff");
}

TEST(FormatTest, PercentReadsNamesFromADictionary) {
  Budget budget;
  Map map;
  ASSERT_TRUE(map.Set(Value::String("a"), Value{int64_t{1}}).ok());
  EXPECT_EQ(*FormatPercent("%(a)s-%(a)d", *MakeMap(map), budget)->AsString(), "1-1");
}

TEST(FormatTest, PercentErrorsNameTheProblem) {
  EXPECT_THAT(Percent("%d", {}), HasSubstr("fewer arguments than fields"));
  EXPECT_THAT(Percent("%d", {Value::String("x")}), HasSubstr("%d needs a number, not str"));
  EXPECT_THAT(Percent("%d", {Value{true}, Value{true}}), HasSubstr("more arguments than fields"));
  EXPECT_THAT(Percent("%99999d", {Value{true}}), HasSubstr("larger than 10000"));
}

TEST(FormatTest, BracesFormatLikePython) {
  EXPECT_EQ(Braces("{} {1} {0} {{}}", {Value{true}, Value::String("b")}), "True b True {}");
  EXPECT_EQ(Braces("{:>5}|{:^5}|{:,}|{:.2f}",
                   {Value::String("a"), Value::String("b"), Value{int64_t{1234567}}, Value{1.005}}),
            "    a|  b  |1,234,567|1.00");
}

TEST(FormatTest, BracesErrorsNameTheProblem) {
  EXPECT_THAT(Braces("{}", {}), HasSubstr("there is no argument"));
  EXPECT_THAT(Braces("}", {}), HasSubstr("a single brace must be doubled"));
  EXPECT_THAT(Braces("{:d}", {Value::String("x")}), HasSubstr("does not apply to str"));
  EXPECT_THAT(Braces("{0.a}", {Value{true}}), HasSubstr("'{0.a}' is not supported"));
}

}  // namespace
}  // namespace assay::jinja
