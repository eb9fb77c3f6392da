// Tests of cleaning and escaping of text.
#include "evaluator/report/plain_text.h"

#include <gtest/gtest.h>

#include <string_view>

namespace assay::evaluator {
namespace {

TEST(PlainTextTest, ReplacesForbiddenCharacters) {
  EXPECT_EQ(CleanText("a\r\nb\rc\td"), "a\nb\nc\td");
  EXPECT_EQ(CleanText(std::string_view("\0", 1)), "\xef\xbf\xbd");
  EXPECT_EQ(CleanText("\xff\xc3"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(CleanText("\xe2\x80\xae"), "\xef\xbf\xbd");
  EXPECT_EQ(CleanText("\xef\xbf\xbe"), "\xef\xbf\xbd");
  EXPECT_EQ(CleanText("Gr\xc3\xb6\xc3\x9f"
                      "e \xf0\x9f\x98\x80"),
            "Gr\xc3\xb6\xc3\x9f"
            "e \xf0\x9f\x98\x80");
  EXPECT_EQ(CleanLine("  a \n\t b "), "a b");
}

TEST(PlainTextTest, ShortensBetweenCharacters) {
  EXPECT_EQ(Shorten("\xc3\xb6\xc3\xb6\xc3\xb6", 3), "\xc3\xb6\xc3\xb6\xc3\xb6");
  EXPECT_EQ(Shorten("\xc3\xb6\xc3\xb6\xc3\xb6", 2), "\xc3\xb6\xe2\x80\xa6");
  EXPECT_EQ(Shorten("", 2), "");
}

TEST(PlainTextTest, EscapesMarkdown) {
  EXPECT_EQ(EscapeMarkdown("a|b"), "a\\|b");
  EXPECT_EQ(EscapeMarkdown("# x"), "\\# x");
  EXPECT_EQ(EscapeMarkdown("- x - y"), "\\- x - y");
  EXPECT_EQ(EscapeMarkdown("12. x 3.5"), "12\\. x 3.5");
  EXPECT_EQ(EscapeMarkdown("a_b _c_"), "a_b \\_c\\_");
  EXPECT_EQ(EscapeMarkdown("<b>&"), "&lt;b&gt;&amp;");
  EXPECT_EQ(EscapeMarkdown("[a](b) `c` *d*"), "\\[a\\](b) \\`c\\` \\*d\\*");
}

}  // namespace
}  // namespace assay::evaluator
