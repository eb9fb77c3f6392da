// The terminal filter, the status line and the bar.
#include "client/terminal/console.h"

#include <sstream>

#include "gtest/gtest.h"

namespace assay::client {
namespace {

TEST(TerminalFilterTest, EscapeSequencesLoseTheirEscape) {
  EXPECT_EQ(TerminalFilter().Filter("a\x1b[31mred\x1b]0;title\x07z\x7f\r\b"), "a[31mred]0;titlez");
}

TEST(TerminalFilterTest, NewlineTabAndUnicodeAreKept) {
  EXPECT_EQ(TerminalFilter().Filter("a\n\tä 中 😀"), "a\n\tä 中 😀");
}

TEST(TerminalFilterTest, C1ControlsAreRemovedAndNoBreakSpaceIsKept) {
  EXPECT_EQ(TerminalFilter().Filter("a\xC2\x9B[2J\xC2\xA0z"), "a[2J\xC2\xA0z");
}

TEST(TerminalFilterTest, C1ControlSplitOverChunksIsRemoved) {
  TerminalFilter filter;
  EXPECT_EQ(filter.Filter("a\xC2"), "a");
  EXPECT_EQ(filter.Filter("\x9B-"), "-");
}

TEST(TerminalFilterTest, CharacterSplitOverChunksIsKept) {
  TerminalFilter filter;
  EXPECT_EQ(filter.Filter("\xF0\x9F"), "");
  EXPECT_EQ(filter.Filter("\x98\x80!"), "😀!");
}

TEST(TerminalFilterTest, MalformedBytesBecomeReplacements) {
  EXPECT_EQ(TerminalFilter().Filter("a\x9Bz\xE4 b"), "a\xEF\xBF\xBDz\xEF\xBF\xBD b");
}

TEST(StatusLineTest, IsCutToTheWidthAndErased) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  const Streams streams{.in = in, .out = out, .err = err, .err_is_terminal = true, .width = 6};
  {
    StatusLine(streams).Update("0123456789");
  }
  EXPECT_EQ(err.str(), "\r\x1b[2K01234\r\x1b[2K");
}

TEST(StatusLineTest, WritesNothingOffATerminal) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  const Streams streams{.in = in, .out = out, .err = err};
  {
    StatusLine(streams).Update("text");
  }
  EXPECT_EQ(err.str(), "");
}

TEST(BarTest, FractionIsClamped) {
  EXPECT_EQ(Bar(0.5, 4), "[##..]");
  EXPECT_EQ(Bar(-1, 2), "[..]");
  EXPECT_EQ(Bar(7, 2), "[##]");
}

}  // namespace
}  // namespace assay::client
