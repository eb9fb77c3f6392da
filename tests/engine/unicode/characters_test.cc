// Character classes.
#include "engine/unicode/characters.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace assay::unicode {
namespace {

TEST(CharactersTest, SpacesOfUnicodeAndOfPythonDiffer) {
  EXPECT_TRUE(IsSpace(0x3000));
  EXPECT_TRUE(IsPythonSpace(0x3000));
  EXPECT_FALSE(IsSpace(0x1C));
  EXPECT_TRUE(IsPythonSpace(0x1C));
  EXPECT_FALSE(IsSpace(0x200B));
  EXPECT_FALSE(IsSpace(0x180E));
}

TEST(CharactersTest, WordsHaveLettersMarksDigitsAndConnectors) {
  for (const uint32_t c : {0x61U, 0xDFU, 0x4E16U, 0x301U, 0x663U, 0x5FU}) {
    EXPECT_TRUE(IsWord(c)) << c;
  }
  for (const uint32_t c : {0x2DU, 0xBDU, 0x20U, 0x21U}) {
    EXPECT_FALSE(IsWord(c)) << c;
  }
}

TEST(CharactersTest, CountsTheBytesOfSpaces) {
  EXPECT_EQ(LeadingSpaceBytes("\u3000 a "), 4);
  EXPECT_EQ(TrailingSpaceBytes(" a\u00a0\n"), 3);
  EXPECT_EQ(TrailingSpaceBytes("a\x1c", IsPythonSpace), 1);
  EXPECT_EQ(TrailingSpaceBytes("\u3000"), 3);
}

TEST(CharactersTest, FindsTheLastCharacter) {
  EXPECT_EQ(LastCharacterOffset("a"), 0);
  EXPECT_EQ(LastCharacterOffset("a\u4e16"), 1);
}

}  // namespace
}  // namespace assay::unicode
