// Tests of the assay scorer.
#include "evaluator/scoring/assay_scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/evaluator/scoring/sample_texts.h"

namespace assay::evaluator {
namespace {

// Returns random words of a vocabulary, as an untrained model would generate.
std::string RandomWords(uint64_t seed, int count) {
  constexpr const char* kPieces[] = {"ing",   "str", "Ġ",    "ation", "quo",   "lumber",
                                     "zeta",  "ers", "vex",  "photo", "un",    "meta",
                                     "crate", "phy", "dol",  "rhom",  "blink", "tor",
                                     "gust",  "nav", "oxid", "plast", "wren",  "kilo"};
  std::mt19937_64 random(seed);
  std::string text;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&text, kPieces[random() % std::size(kPieces)], random() % 3 == 0 ? "" : " ");
  }
  return text;
}

TEST(AssayScorerTest, RanksGoodAboveThinAboveNoise) {
  for (const std::string type : {"linkedin", "blog", "business", "press_release"}) {
    EXPECT_GT(ScoreOf(type, kGood), ScoreOf(type, kThin) + 1) << type;
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      const double noise = ScoreOf(type, RandomWords(seed, 150), kPrompt, "length");
      EXPECT_LT(noise, 2) << type;
      EXPECT_LT(noise, ScoreOf(type, kThin)) << type;
    }
  }
  EXPECT_GT(ScoreOf("linkedin", kGood), 7.5);
}

TEST(AssayScorerTest, PartsReproduceTheOverallScore) {
  const auto score = AssayScorer().ScoreText(
      {.content_type = "linkedin", .prompt = kPrompt, .text = kThin, .finish_reason = "length"});
  const ContentTypeProfile* profile = FindProfile(BuiltInProfiles(), "linkedin");
  double sum = 0;
  for (size_t i = 0; i < kDimensions; ++i) {
    sum += profile->weights[i] * score->parts.at(std::string(kDimensionNames[i]));
  }
  for (const auto& [name, value] : score->parts) {
    EXPECT_GE(value, 0) << name;
    EXPECT_LE(value, 1) << name;
    if (name.starts_with("gate/")) sum *= value;
  }
  EXPECT_NEAR(score->overall, 10 * sum, 1e-9);
}

TEST(AssayScorerTest, ScoresOfAnyInputAreBounded) {
  std::mt19937_64 random(3);
  const AssayScorer scorer;
  for (int i = 0; i < 3000; ++i) {
    std::string text(random() % 400, '\0');
    const bool bytes = i % 2 == 0;
    for (char& c : text) {
      c = bytes ? static_cast<char>(random()) : "ab. \n#-?!`[]{}:\"12,*"[random() % 21];
    }
    for (const char* type : {"twitter", "technical", "email", "", "?"}) {
      const auto score = scorer.ScoreText({.content_type = type, .prompt = text, .text = text});
      ASSERT_TRUE(score.ok());
      ASSERT_TRUE(score->overall >= 0 && score->overall <= 10) << text;
      for (const auto& [name, value] : score->parts) ASSERT_TRUE(value >= 0 && value <= 1) << name;
    }
  }
  EXPECT_EQ(ScoreOf("linkedin", ""), 0);
  EXPECT_EQ(ScoreOf("linkedin", " \n\t "), 0);
  EXPECT_GE(ScoreOf("blog", std::string(3 << 20, 'x')), 0);
}

// Texts of the maximum size that would take hours in quadratic time. Each ends differently from its
// beginning, so that it does not count as copies.
TEST(AssayScorerTest, TakesLinearTime) {
  constexpr size_t kBytes = size_t{1} << 20;
  const absl::Time start = absl::Now();
  for (const std::string unit : {".", "a.", ".\"", "1.", "a'", "[", "[a", "{{", "http:", "#",
                                 "```\n", "1\ufe0f", "\u200d", "word and ", "a-", "?!) "}) {
    std::string text;
    while (text.size() + unit.size() + 2 < kBytes) text += unit;
    EXPECT_LE(ScoreOf("twitter", text + " x"), 10) << unit;
  }
  EXPECT_LT(absl::Now() - start, absl::Minutes(2));
}

TEST(AssayScorerTest, CopiesNeverRaiseTheScore) {
  for (const std::string type : {"twitter", "linkedin", "technical", "email", "default"}) {
    for (const std::string text : {kGood, kThin}) {
      const double once = ScoreOf(type, text);
      EXPECT_LE(ScoreOf(type, absl::StrCat(text, "\n\n", text)), once) << type;
      EXPECT_LE(ScoreOf(type, absl::StrCat(text, " ", text, " ", text)), once) << type;
    }
  }
}

TEST(AssayScorerTest, KeywordStuffingNeverRaisesTheScore) {
  for (const ContentTypeProfile& profile : BuiltInProfiles()) {
    std::string terms;
    for (const std::string& term : profile.vocabulary) absl::StrAppend(&terms, " ", term);
    for (const std::string text : {kGood, kThin}) {
      const double plain = ScoreOf(profile.name, text);
      EXPECT_LE(ScoreOf(profile.name, text + terms), plain) << profile.name;
      EXPECT_LE(ScoreOf(profile.name, text + terms + "."), plain) << profile.name;
      EXPECT_LE(ScoreOf(profile.name, absl::StrCat(terms, ". ", text)), plain) << profile.name;
    }
  }
}

TEST(AssayScorerTest, IgnoresTheAmountOfWhiteSpace) {
  std::string wide;
  for (const char c : std::string(kGood)) {
    wide += c;
    if (c == ' ') wide += "  \t";
    if (c == '\n') wide += "\n \n";
  }
  EXPECT_DOUBLE_EQ(ScoreOf("linkedin", absl::StrCat("\n  ", wide, " \n\n")),
                   ScoreOf("linkedin", kGood));
}

TEST(AssayScorerTest, ExtraHashtagsLowerTheScore) {
  const std::string tweet =
      "We cut our newsletter from 1,200 to 400 words: clicks rose from 2.1 % to 3.8 %. What would "
      "you cut?";
  const double two = ScoreOf("twitter", tweet + " #writing #email");
  double before = two;
  for (const char* more : {" #a1", " #b2", " #c3"}) {
    static std::string tags = " #writing #email";
    tags += more;
    EXPECT_LT(ScoreOf("twitter", tweet + tags), before);
    before = ScoreOf("twitter", tweet + tags);
  }
}

TEST(AssayScorerTest, OwnProfilesReplaceBuiltInOnes) {
  ContentTypeProfile own = *FindProfile(BuiltInProfiles(), "linkedin");
  own.length = {.low = 1, .high = 20};
  const AssayScorer scorer({own});
  const auto score =
      scorer.ScoreText({.content_type = "linkedin", .prompt = kPrompt, .text = kThin});
  EXPECT_EQ(score->parts.at("length"), 1);
}

TEST(AssayScorerTest, AnOwnDefaultAppliesToTypesWithoutAProfile) {
  ContentTypeProfile own = BuiltInProfiles().back();
  own.length = {.low = 1, .high = 20};
  const AssayScorer scorer({own});
  const auto score = scorer.ScoreText({.content_type = "poem", .prompt = kPrompt, .text = kThin});
  EXPECT_EQ(score->parts.at("length"), 1);
}

TEST(AssayScorerTest, OwnProfilesChangeTheVersion) {
  ContentTypeProfile own = BuiltInProfiles().back();
  own.name = "poem";
  ContentTypeProfile other = BuiltInProfiles().front();
  other.name = "haiku";
  const std::string built_in(AssayScorer().version());
  const std::string one(AssayScorer({own}).version());
  EXPECT_EQ(built_in, "4/form");
  EXPECT_THAT(one, testing::MatchesRegex("4\\+[0-9a-f]{8}/form"));
  EXPECT_EQ(AssayScorer({own, other}).version(), AssayScorer({other, own}).version());
  own.weights[0] += 0.1;
  EXPECT_NE(AssayScorer({own}).version(), one);
}

}  // namespace
}  // namespace assay::evaluator
