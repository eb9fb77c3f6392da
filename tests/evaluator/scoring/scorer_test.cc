// Tests of the classic scorer and of scorer versions.
#include "evaluator/scoring/scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace assay::evaluator {
namespace {

std::string Words(int count, std::string_view separator = " ") {
  std::string text;
  for (int i = 0; i < count; ++i) text.append(i == 0 ? "" : separator).append("word");
  return text;
}

struct Case {
  const char* name;
  std::string content_type;
  std::string text;
  double overall;
};

class ClassicScorerTest : public testing::TestWithParam<Case> {};

TEST_P(ClassicScorerTest, MatchesTheOriginal) {
  const Score score = *ClassicScorer().ScoreText(
      {.content_type = GetParam().content_type, .text = GetParam().text});
  EXPECT_DOUBLE_EQ(score.overall, GetParam().overall);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ClassicScorerTest,
    testing::Values(
        Case{"Empty", "linkedin", "", 5.0}, Case{"OnlySpaces", "linkedin", " \n\t ", 5.0},
        Case{"LinkedIn99Words", "linkedin", Words(99), 5.0},
        Case{"LinkedIn100Words", "linkedin", Words(100), 8.0},
        Case{"LinkedIn300Words", "linkedin", Words(300), 8.0},
        Case{"LinkedIn301Words", "linkedin", Words(301), 5.0},
        Case{"OtherTypesHaveNoLengthBonus", "business", Words(200), 5.0},
        Case{"ContentTypeIsCaseSensitive", "LinkedIn", Words(200), 5.0},
        Case{"RunsOfSpacesSeparateOnce", "linkedin", Words(100, " \n\n\t "), 8.0},
        Case{"NoBreakSpacesSeparate", "linkedin", Words(100, "\u00a0"), 8.0},
        Case{"IdeographicSpacesSeparate", "linkedin", Words(100, "\u3000"), 8.0},
        Case{"OneTerm", "twitter", "Our strategy.", 5.4},
        Case{"TermsIgnoreCase", "twitter", "OPTIMIZATION, Implementation", 5.8},
        Case{"ATermCountsOnce", "twitter", "strategy strategy Strategy", 5.4},
        Case{"ATermInsideAWordCounts", "twitter", "a heroic deed", 5.4},
        Case{"APluralWithAnotherStemDoesNot", "twitter", "strategies", 5.0},
        Case{"FiveTermsReachTheCap", "technical",
             "optimization strategy implementation efficiency growth", 7.0},
        Case{"SixTermsStayAtTheCap", "technical",
             "optimization strategy implementation efficiency growth revenue", 7.0},
        Case{"EverythingIsTen", "linkedin",
             Words(120) + " optimization strategy implementation efficiency growth revenue", 10.0}),
    [](const auto& info) { return info.param.name; });

TEST(ClassicScorerPartsTest, PartsAddUpToTheOverallScore) {
  const std::string text = Words(150) + " growth roi";
  const Score score = *ClassicScorer().ScoreText({.content_type = "linkedin", .text = text});
  EXPECT_THAT(score.parts, testing::UnorderedElementsAre(testing::Pair("base", 5.0),
                                                         testing::Pair("length_bonus", 3.0),
                                                         testing::Pair("business_terms", 0.8)));
  EXPECT_DOUBLE_EQ(score.overall, 8.8);
}

TEST(ClassicScorerPartsTest, HasTheOriginalsThreeTerms) {
  EXPECT_THAT(kClassicBusinessTerms,
              testing::IsSupersetOf({"optimization", "strategy", "implementation"}));
}

TEST(ClassicScorerPartsTest, NoTermContainsAnother) {
  for (std::string_view term : kClassicBusinessTerms) {
    for (std::string_view other : kClassicBusinessTerms) {
      if (term == other) continue;
      EXPECT_EQ(term.find(other), std::string_view::npos) << term << " contains " << other;
    }
  }
}

TEST(ClassicScorerPartsTest, HasANameAndAVersion) {
  EXPECT_EQ(ClassicScorer().name(), "classic");
  EXPECT_EQ(ClassicScorer().version(), "1");
  EXPECT_TRUE(IsVersion("1/big", "1/big@r1"));
  EXPECT_TRUE(IsVersion("1/big@r1", "1/big@r1"));
  EXPECT_FALSE(IsVersion("1/big@r1", "1/big@r2"));
  EXPECT_FALSE(IsVersion("1/big", "1/bigger@r1"));
  EXPECT_FALSE(IsVersion("1", "2"));
}

TEST(CountWordsTest, InvalidUtf8IsPartOfAWord) {
  EXPECT_EQ(CountWords("\xff\xfe one\xe2\x80 two"), 3);
  EXPECT_EQ(CountWords(std::string_view("a\0b c", 5)), 2);
}

}  // namespace
}  // namespace assay::evaluator
