// The operator % of strings.
#include "engine/jinja/values/percent_format.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "engine/jinja/values/map.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

using testing::HasSubstr;

std::string Percent(const std::string& format, List items) {
  Budget budget;
  const Result text = FormatPercent(format, false, *MakeTuple(std::move(items)), budget);
  return text.ok() ? *text->AsString() : std::string(text.status().message());
}

TEST(PercentFormatTest, FormatsLikePython) {
  EXPECT_EQ(Percent("%s is %d", {Value::String("x"), Value{int64_t{3}}}), "x is 3");
  EXPECT_EQ(Percent("%5.1f|%-5s|%05d|%%", {Value{2.25}, Value::String("a"), Value{int64_t{-42}}}),
            "  2.2|a    |-0042|%");
  EXPECT_EQ(Percent("%r %x %#o", {Value::String("q"), Value{int64_t{255}}, Value{int64_t{8}}}),
            "'q' ff 0o10");
  EXPECT_EQ(
      Percent("%*d|%.*f", {Value{int64_t{4}}, Value{int64_t{7}}, Value{int64_t{1}}, Value{0.25}}),
      "   7|0.2");
}

TEST(PercentFormatTest, ReadsNamesFromADictionary) {
  Budget budget;
  Map map;
  ASSERT_TRUE(map.Set(Value::String("a"), Value{int64_t{1}}).ok());
  EXPECT_EQ(*FormatPercent("%(a)s-%(a)d", false, *MakeMap(map), budget)->AsString(), "1-1");
}

TEST(PercentFormatTest, MarkupEscapesWhatItInserts) {
  Budget budget;
  const Result text = FormatPercent("<b>%s</b>", true, *MakeTuple({Value::String("<")}), budget);
  EXPECT_EQ(*text->AsString(), "<b>&lt;</b>");
  EXPECT_TRUE(text->IsMarkup());
}

TEST(PercentFormatTest, ErrorsNameTheProblem) {
  EXPECT_THAT(Percent("%d", {}), HasSubstr("fewer arguments than fields"));
  EXPECT_THAT(Percent("%d", {Value::String("x")}), HasSubstr("%d needs a number, not str"));
  EXPECT_THAT(Percent("%d", {Value{true}, Value{true}}), HasSubstr("more arguments than fields"));
  EXPECT_THAT(Percent("%999999d", {Value{true}}), HasSubstr("larger than 100000"));
  EXPECT_THAT(Percent("%.5000f", {Value{1.0}}), HasSubstr("larger than 1000"));
}

}  // namespace
}  // namespace assay::jinja
