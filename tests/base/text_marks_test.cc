#include "base/text_marks.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/utf8.h"

namespace assay {
namespace {

TEST(TextMarksTest, MarksThatATextContainsAreNotChosen) {
  MarkChooser chooser;
  chooser.Add("plain \xEF\xB7");
  EXPECT_EQ(chooser.Choose(), "\xEF\xB7\x90");
  EXPECT_EQ(chooser.Choose(), "\xEF\xB7\x91");
  chooser.Add("\xEF\xB7\x92\xEF\xB7\x94");
  EXPECT_EQ(chooser.Choose(), "\xEF\xB7\x93");
  std::string all;
  for (uint32_t point = 0xFDD0; point <= 0xFDEF; ++point) AppendUtf8(point, &all);
  chooser.Add(all);
  EXPECT_FALSE(chooser.Choose().has_value());
}

TEST(TextMarksTest, CharactersBesideTheMarksAreNotCounted) {
  MarkChooser chooser;
  // U+FDCF and U+FDF0.
  chooser.Add("\xEF\xB7\x8F\xEF\xB7\xB0");
  EXPECT_EQ(chooser.Choose(), "\xEF\xB7\x90");
}

TEST(TextMarksTest, RemovingReturnsWhatWasInserted) {
  const std::vector<size_t> offsets = {0, 1, 1, 4};
  const std::string marked = InsertMarks({"abcd", offsets}, "#");
  EXPECT_EQ(marked, "#a##bcd#");
  const MarkedText removed = RemoveMarks(marked, "#");
  EXPECT_EQ(removed.text, "abcd");
  EXPECT_EQ(removed.offsets, offsets);
  EXPECT_EQ(RemoveMarks("", "#").text, "");
}

}  // namespace
}  // namespace assay
