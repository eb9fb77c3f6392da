// Tests of word diffs and of texts side by side.
#include "client/terminal/text_diff.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;

std::string Plain(std::string_view a, std::string_view b) {
  return WordDiffText(WordDiff(a, b), /*color=*/false);
}

TEST(TextDiffTest, MarksWordsThatDiffer) {
  EXPECT_EQ(Plain("the quick brown fox", "the slow brown fox jumps"),
            "the [-quick-] {+slow+} brown fox {+jumps+}\n");
  EXPECT_EQ(Plain("same  text", "same text"), "same text\n");
  EXPECT_EQ(Plain("", "new"), "{+new+}\n");
  EXPECT_EQ(Plain("old", ""), "[-old-]\n");
  EXPECT_EQ(Plain("a\nb", "a\nc"), "a\n[-b-] {+c+}\n");
}

TEST(TextDiffTest, ColorsReplaceMarks) {
  EXPECT_EQ(WordDiffText(WordDiff("a", "b"), /*color=*/true),
            "\x1b[31ma\x1b[0m \x1b[32mb\x1b[0m\n");
}

// Keeping the same and removed words gives the first text, keeping the same and added ones the
// second. The number of same words is the length of the longest common subsequence, computed here
// by the textbook recursion over prefixes.
TEST(TextDiffTest, RandomTextsAreReproducedWithTheLongestCommonSubsequence) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::vector<std::string>> texts(2);
    for (auto& words : texts) {
      words.resize(random() % 12);
      for (std::string& word : words) word = std::string(1, static_cast<char>('a' + random() % 3));
    }
    const auto join = [](const std::vector<std::string>& words) {
      std::string text;
      for (const std::string& word : words) text += word + " ";
      return text;
    };
    std::vector<std::string> before;
    std::vector<std::string> after;
    size_t same = 0;
    for (const DiffPiece& piece : WordDiff(join(texts[0]), join(texts[1]))) {
      const auto append = [&piece](std::vector<std::string>* to) {
        to->insert(to->end(), piece.words.begin(), piece.words.end());
      };
      if (piece.kind != DiffKind::kAdded) append(&before);
      if (piece.kind != DiffKind::kRemoved) append(&after);
      if (piece.kind == DiffKind::kSame) same += piece.words.size();
    }
    EXPECT_EQ(before, texts[0]);
    EXPECT_EQ(after, texts[1]);
    std::vector<std::vector<size_t>> lengths(texts[0].size() + 1,
                                             std::vector<size_t>(texts[1].size() + 1));
    for (size_t i = 1; i < lengths.size(); ++i) {
      for (size_t j = 1; j < lengths[i].size(); ++j) {
        lengths[i][j] = texts[0][i - 1] == texts[1][j - 1]
                            ? lengths[i - 1][j - 1] + 1
                            : std::max(lengths[i - 1][j], lengths[i][j - 1]);
      }
    }
    EXPECT_EQ(same, lengths.back().back());
  }
}

TEST(TextDiffTest, TextsBeyondTheLimitAreReplaced) {
  std::string a = "start";
  std::string b = "start";
  for (size_t i = 0; i <= kMaxDiffWords; ++i) {
    a += " x";
    b += " y";
  }
  const std::vector<DiffPiece> pieces = WordDiff(a + " end", b + " end");
  ASSERT_EQ(pieces.size(), 4U);
  EXPECT_EQ(pieces[1].words.size(), kMaxDiffWords + 1);
  EXPECT_EQ(pieces[3].kind, DiffKind::kSame);
}

TEST(TextDiffTest, ColumnsAreWrappedAndAligned) {
  EXPECT_EQ(SideBySide("a", "one two three four", "b", "über ünd", 23),
            "a          | b\n"
            "---------- | ----------\n"
            "one two    | über ünd\n"
            "three four |\n");
  EXPECT_THAT(SideBySide("a", "äöüäöüäöüäöü", "b", "", 23), HasSubstr("äöüäöüäöüä |\nöü"));
}

}  // namespace
}  // namespace assay::client
