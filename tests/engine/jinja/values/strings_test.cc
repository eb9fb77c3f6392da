// Operations on plain strings.
#include "engine/jinja/values/strings.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::jinja {
namespace {

using testing::ElementsAre;

TEST(StringsTest, OffsetsAreThoseOfCharacters) {
  EXPECT_THAT(CharacterOffsets("a\u00e9\u4e16"), ElementsAre(0, 1, 3, 6));
  EXPECT_EQ(CountCharacters("a\u00e9\u4e16"), 3);
}

TEST(StringsTest, StripsWhitespaceOfUnicodeOrGivenCharacters) {
  EXPECT_EQ(StripString("\u3000 x\u00a0", nullptr, true, true), "x");
  const std::string chars = "x\u4e16";
  EXPECT_EQ(StripString("x\u4e16ax", &chars, true, false), "ax");
}

TEST(StringsTest, SplitsAtEveryLineBreakOfPython) {
  EXPECT_THAT(SplitLines("a\r\nb\u2028c\x1c", false), ElementsAre("a", "b", "c"));
  EXPECT_THAT(SplitLines("a\n\nb", true), ElementsAre("a\n", "\n", "b"));
}

TEST(StringsTest, ReplacesUpToTheCount) {
  EXPECT_EQ(*ReplaceString("aaa", "a", "b", 2), "bba");
  EXPECT_EQ(*ReplaceString("a\u00e9", "", "-", -1), "-a-\u00e9-");
}

TEST(StringsTest, ResultsAreLimited) {
  const std::string large(std::string(3 << 20, 'a'));
  EXPECT_FALSE(ReplaceString(large, "a", "bb", -1).ok());
  EXPECT_FALSE(JoinStrings({large, large}, "").ok());
}

}  // namespace
}  // namespace assay::jinja
