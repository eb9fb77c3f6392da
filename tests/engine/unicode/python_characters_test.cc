// The character classes of Python.
#include "engine/unicode/python_characters.h"

#include <optional>

#include "gtest/gtest.h"

namespace assay::unicode {
namespace {

TEST(PythonCharactersTest, ClassesAreThoseOfAllScripts) {
  EXPECT_TRUE(HasClass(0x4E2D, kAlpha));
  EXPECT_TRUE(HasClass(0x663, kDecimal));
  EXPECT_TRUE(HasClass(0xB2, kDigit));
  EXPECT_FALSE(HasClass(0xB2, kDecimal));
  EXPECT_TRUE(HasClass(0xBD, kNumeric));
  EXPECT_TRUE(HasClass(0x1C5, kTitle));
  EXPECT_FALSE(HasClass('1', kIdentifierStart));
  EXPECT_TRUE(HasClass('1', kIdentifierPart));
  EXPECT_FALSE(HasClass(0x200B, kPrintable));
  EXPECT_FALSE(HasClass(0x10FFFF, kPrintable));
}

TEST(PythonCharactersTest, DigitsHaveTheirValue) {
  EXPECT_EQ(DecimalValue('7'), 7);
  EXPECT_EQ(DecimalValue(0x663), 3);
  EXPECT_EQ(DecimalValue(0x1D7D9), 1);
  EXPECT_EQ(DecimalValue('a'), std::nullopt);
}

TEST(PythonCharactersTest, CaseOfATextIsThatOfItsCasedCharacters) {
  EXPECT_TRUE(IsLower("a1 é"));
  EXPECT_FALSE(IsLower("1"));
  EXPECT_FALSE(IsLower("aB"));
  EXPECT_TRUE(IsUpper("A\u4e2d"));
  EXPECT_FALSE(IsUpper("\u01c5"));
}

TEST(PythonCharactersTest, FoldsMoreThanLowerCase) {
  EXPECT_EQ(FoldCase("Straße ﬁ"), "strasse fi");
  EXPECT_EQ(FoldCase("a\xff"), "a\xff");
}

}  // namespace
}  // namespace assay::unicode
