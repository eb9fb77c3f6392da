// Case conversions compared with Python's.
#include "engine/unicode/casing.h"

#include "gtest/gtest.h"

namespace assay::unicode {
namespace {

TEST(CasingTest, SomeCharactersBecomeSeveral) {
  EXPECT_EQ(ToUpper("straße ǆ ﬁ"), "STRASSE Ǆ FI");
  EXPECT_EQ(ToTitle("ǆ ﬁne"), "ǅ Fine");
  EXPECT_EQ(ToLower("İ"), "i̇");
}

TEST(CasingTest, SigmaIsFinalAtTheEndOfAWord) { EXPECT_EQ(ToLower("ΑΣ ΣΑΣ Σ"), "ας σας σ"); }

TEST(CasingTest, CapitalizesWords) {
  EXPECT_EQ(Capitalize("éCOLE Un"), "École un");
  EXPECT_EQ(ToTitle("it's a-b 3c"), "It'S A-B 3C");
}

TEST(CasingTest, SigmaLooksPastCaseIgnorableCharacters) {
  EXPECT_EQ(ToLower("Α.Σ"), "α.ς");
  EXPECT_EQ(ToLower("ΑΣ.Α"), "ασ.α");
  EXPECT_EQ(ToLower("ΑΣ'Α"), "ασ'α");
}

TEST(CasingTest, SwapsCase) { EXPECT_EQ(SwapCase("aB ß ǅ 1"), "Ab SS ǅ 1"); }

TEST(CasingTest, InvalidBytesStay) { EXPECT_EQ(ToUpper("a\xff"), "A\xff"); }

TEST(CasingTest, OnlyCharactersWithTwoFormsAreCased) {
  EXPECT_TRUE(IsCased('a'));
  EXPECT_TRUE(IsCased(0xDF));
  EXPECT_FALSE(IsCased('1'));
  EXPECT_FALSE(IsCased(0x4E16));
}

}  // namespace
}  // namespace assay::unicode
