// Tests of validating UTF-8 decoding.
#include "base/utf8.h"

#include <cstdint>
#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(Utf8Test, EncodesWhatItDecodes) {
  for (const uint32_t code_point :
       {0x0U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    std::string text;
    AppendUtf8(code_point, &text);
    const Utf8Step step = NextUtf8(text);
    EXPECT_TRUE(step.valid) << code_point;
    EXPECT_EQ(step.code_point, code_point);
    EXPECT_EQ(step.bytes, text.size());
  }
}

TEST(Utf8Test, RefusesOverlongFormsSurrogatesAndLargeValues) {
  for (const char* text : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF",
                           "\x80", "\xE2\x82"}) {
    EXPECT_FALSE(NextUtf8(text).valid) << text;
  }
}

TEST(Utf8Test, FindsTheFirstInvalidByte) {
  EXPECT_EQ(FindInvalidUtf8("a\xC3\xA9"), std::nullopt);
  EXPECT_EQ(FindInvalidUtf8("a\xC3\xA9\xFF"), 3U);
}

TEST(Utf8Test, PrefixesKeepWholeCharacters) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC";
  EXPECT_EQ(Utf8Prefix(text, 6), text);
  EXPECT_EQ(Utf8Prefix(text, 5), "a\xC3\xA9");
  EXPECT_EQ(Utf8Prefix(text, 2), "a");
  EXPECT_EQ(Utf8Prefix(text, 0), "");
  EXPECT_EQ(CountUtf8Characters(text), 3U);
  EXPECT_EQ(CountUtf8Characters(""), 0U);
}

// The example of truncated sequences in the Unicode standard, chapter 3, table 3-11.
TEST(Utf8Test, ReplacesEachMaximalInvalidSubpart) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(ReplaceInvalidUtf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"),
            replacement + replacement + replacement + replacement + "A");
}

}  // namespace
}  // namespace assay
