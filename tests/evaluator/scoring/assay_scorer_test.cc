// Properties of the assay scorer.
#include "evaluator/scoring/assay_scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "evaluator/plan/prompt_set.h"
#include "evaluator/scoring/dimensions.h"
#include "evaluator/scoring/tweet_length.h"

namespace assay::evaluator {
namespace {

constexpr char kPrompt[] =
    "Write a LinkedIn post (100 to 300 words) about what a small content studio learned from "
    "cutting its client "
    "newsletter from 1,200 to 400 words: the click rate rose from 2.1 % to 3.8 %.";
constexpr char kGood[] =
    "We cut our client newsletter from 1,200 to 400 words. The click rate rose from 2.1 % to 3.8 "
    "%.\n\n"
    "For two years we believed that more was better. Every month three of us spent two days on "
    "eleven stories, and "
    "most readers never got past the second. We only noticed because we measured where people "
    "stopped.\n\n"
    "So in March we tried one rule: one story, one number, one question. The first short issue "
    "took four hours "
    "instead of sixteen. Replies doubled within six weeks, and two clients asked us how we did "
    "it.\n\n"
    "What we learned: length was our comfort, not our readers' need. A strategy that saves them "
    "time earns more trust "
    "than another paragraph about growth.\n\n"
    "What is the one section of your newsletter nobody would miss? Tell us in the comments, and we "
    "will share our "
    "checklist for free.";
constexpr char kThin[] =
    "Newsletters are important. You should write good newsletters for your clients.";

double ScoreOf(const std::string& type, const std::string& text,
               const std::string& prompt = kPrompt, const std::string& finish = "end_of_text") {
  return AssayScorer()
      .ScoreText({.content_type = type, .prompt = prompt, .text = text, .finish_reason = finish})
      ->overall;
}

// Words of a vocabulary by chance: what a model that knows nothing writes.
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

TEST(AssayScorerTest, GoodIsAboveThinAndThinAboveNoise) {
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

TEST(AssayScorerTest, ThePartsGiveTheOverallAgain) {
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

TEST(AssayScorerTest, WeightsAddUpToOne) {
  for (const ContentTypeProfile& profile : BuiltInProfiles()) {
    EXPECT_NEAR(std::accumulate(profile.weights.begin(), profile.weights.end(), 0.0), 1, 1e-9)
        << profile.name;
  }
}

// The cells of a row of Markdown's.
std::vector<std::string> Cells(const std::string& row) {
  std::vector<std::string> cells = absl::StrSplit(row, '|');
  for (std::string& cell : cells) absl::StripAsciiWhitespace(&cell);
  return cells;
}

TEST(AssayScorerTest, TheTableOfTheDocumentationIsTheCode) {
  std::ifstream file("docs/scoring.md");
  std::vector<std::string> types;
  size_t weights = 0;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> cells = Cells(line);
    if (cells.size() != BuiltInProfiles().size() + 3) continue;
    const auto dimension = std::find(kDimensionNames.begin(), kDimensionNames.end(), cells[1]);
    for (size_t i = 0; i < BuiltInProfiles().size(); ++i) {
      const ContentTypeProfile& profile = BuiltInProfiles()[i];
      const std::string& cell = cells[i + 2];
      if (cells[1] == "band") {
        EXPECT_THAT(cell,
                    testing::StartsWith(absl::StrCat(profile.length.low, "-", profile.length.high)))
            << profile.name;
      } else if (dimension != kDimensionNames.end()) {
        EXPECT_DOUBLE_EQ(std::stod(cell), profile.weights[dimension - kDimensionNames.begin()])
            << profile.name << " " << cells[1];
        ++weights;
      } else if (cells[1].empty()) {
        EXPECT_EQ(cell, profile.name == "default" ? "others" : profile.name);
      }
    }
  }
  EXPECT_EQ(weights, kDimensions * BuiltInProfiles().size());
}

TEST(AssayScorerTest, WhateverComesInTheScoreIsBounded) {
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

// Texts of the largest size that take a quadratic reader hours. Each ends otherwise than it begins,
// so that it is not taken for copies.
TEST(AssayScorerTest, TheTimeIsLinearInTheText) {
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

TEST(AssayScorerTest, CopiesOfATextNeverRaiseItsScore) {
  for (const std::string type : {"twitter", "linkedin", "technical", "email", "default"}) {
    for (const std::string text : {kGood, kThin}) {
      const double once = ScoreOf(type, text);
      EXPECT_LE(ScoreOf(type, absl::StrCat(text, "\n\n", text)), once) << type;
      EXPECT_LE(ScoreOf(type, absl::StrCat(text, " ", text, " ", text)), once) << type;
    }
  }
}

TEST(AssayScorerTest, TermsWithoutSenseNeverRaiseTheScore) {
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

TEST(AssayScorerTest, WhiteSpaceChangesNothing) {
  std::string wide;
  for (const char c : std::string(kGood)) {
    wide += c;
    if (c == ' ') wide += "  \t";
    if (c == '\n') wide += "\n \n";
  }
  EXPECT_DOUBLE_EQ(ScoreOf("linkedin", absl::StrCat("\n  ", wide, " \n\n")),
                   ScoreOf("linkedin", kGood));
}

TEST(AssayScorerTest, BandsAreMonotone) {
  const Band band{.low = 100, .high = 300};
  double before = 0;
  for (int value = 0; value <= 100; ++value) {
    EXPECT_GE(BandFit(value, band), before);
    before = BandFit(value, band);
  }
  EXPECT_EQ(BandFit(100, band), 1);
  EXPECT_EQ(BandFit(300, band), 1);
  for (int value = 300; value <= 1000; ++value) {
    EXPECT_LE(BandFit(value, band), before);
    before = BandFit(value, band);
  }
  EXPECT_EQ(BandFit(600, band), 0);
}

TEST(AssayScorerTest, HashtagsBeyondTheBandLowerTheScore) {
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

TEST(AssayScorerTest, TruncationPlaceholdersAndChatterLowerTheScore) {
  const std::string good(kGood);
  const std::string cut = good.substr(0, good.size() - 30);
  EXPECT_LT(ScoreOf("linkedin", cut, kPrompt, "length"),
            ScoreOf("linkedin", cut, kPrompt, "end_of_text"));
  EXPECT_LT(ScoreOf("linkedin", good + "\n\n[Your Name]."), ScoreOf("linkedin", good));
  EXPECT_LT(ScoreOf("linkedin", "Sure! Here is your post. " + good), ScoreOf("linkedin", good));
}

TEST(AssayScorerTest, LoopsAreSpoiled) {
  std::string loop = "We measured the newsletter and we found that it works.";
  for (int i = 0; i < 12; ++i) loop += " And so it goes on and on, as we said before.";
  EXPECT_LT(ScoreOf("linkedin", loop), 3);
}

TEST(AssayScorerTest, TheEchoOfAPromptIsNoAnswer) {
  for (const char* type : {"twitter", "linkedin", "technical", "email", "default"}) {
    EXPECT_LT(ScoreOf(type, kPrompt), 1) << type;
  }
}

TEST(AssayScorerTest, LinksAndCodeAreNoPlaceholders) {
  const auto gate = [](const std::string& text) {
    const auto score = AssayScorer().ScoreText({.content_type = "technical", .text = text});
    return score->parts.contains("gate/placeholders");
  };
  EXPECT_FALSE(
      gate("Read [my article](https://example.com) and [1], and tick [x] when it is done."));
  EXPECT_FALSE(gate("Send this:\n```\n{\"a\": {\"b\": [name]}} <name>\n```\nand wait for it."));
  EXPECT_FALSE(gate("Write `{{ user }}` or `[name]` where the name of the user is to stand."));
  EXPECT_FALSE(gate("It ends with }} and begins with [ for whatever reason."));
  for (const char* text :
       {"Dear [Client's Name], here it is.", "[Your Company]", "Hello {{ name }}.",
        "Lorem ipsum dolor sit amet.", "Best,\n<your name>", "<|im_start|>user"}) {
    EXPECT_TRUE(gate(text)) << text;
  }
}

TEST(AssayScorerTest, ConstraintsOfThePromptCount) {
  const auto with = [](const PromptConstraints& constraints) {
    return AssayScorer()
        .ScoreText({.content_type = "linkedin",
                    .prompt = kPrompt,
                    .text = kGood,
                    .finish_reason = "end_of_text",
                    .constraints = constraints})
        ->overall;
  };
  const double free = with({});
  EXPECT_DOUBLE_EQ(with({.max_characters = 5000, .must_include = {"CHECKLIST"}}), free);
  EXPECT_DOUBLE_EQ(with({.max_characters = 100}), free / 2);
  EXPECT_DOUBLE_EQ(with({.must_include = {"zebra", "checklist"}}), free * 0.75);
}

TEST(AssayScorerTest, OwnProfilesStandBeforeTheBuiltInOnes) {
  ContentTypeProfile own = *FindProfile(BuiltInProfiles(), "linkedin");
  own.length = {.low = 1, .high = 20};
  const AssayScorer scorer({own});
  const auto score =
      scorer.ScoreText({.content_type = "linkedin", .prompt = kPrompt, .text = kThin});
  EXPECT_EQ(score->parts.at("length"), 1);
}

TEST(AssayScorerTest, AnOwnDefaultIsForAllTypesWithoutAProfile) {
  ContentTypeProfile own = BuiltInProfiles().back();
  own.length = {.low = 1, .high = 20};
  const AssayScorer scorer({own});
  const auto score = scorer.ScoreText({.content_type = "poem", .prompt = kPrompt, .text = kThin});
  EXPECT_EQ(score->parts.at("length"), 1);
}

TEST(AssayScorerTest, OtherRulesAreAnotherVersion) {
  ContentTypeProfile own = BuiltInProfiles().back();
  own.name = "poem";
  ContentTypeProfile other = BuiltInProfiles().front();
  other.name = "haiku";
  const std::string built_in(AssayScorer().version());
  const std::string one(AssayScorer({own}).version());
  EXPECT_EQ(built_in, "3");
  EXPECT_THAT(one, testing::MatchesRegex("3\\+[0-9a-f]{8}"));
  EXPECT_EQ(AssayScorer({own, other}).version(), AssayScorer({other, own}).version());
  own.weights[0] += 0.1;
  EXPECT_NE(AssayScorer({own}).version(), one);
}

// twitter-text's configuration, version 3.
TEST(TweetLengthTest, CountsAsTwitterDoes) {
  EXPECT_EQ(TweetLength("hello"), 5);
  EXPECT_EQ(TweetLength("\u00e9"), 1);
  EXPECT_EQ(TweetLength("e\u0301"), 1);
  EXPECT_EQ(TweetLength("\u65e5\u672c"), 4);
  EXPECT_EQ(TweetLength("\u2019"), 1);
  EXPECT_EQ(TweetLength("\U0001F600"), 2);
  EXPECT_EQ(TweetLength("\U0001F468\u200D\U0001F469\u200D\U0001F467"), 2);
  EXPECT_EQ(TweetLength("see https://example.com/a/very/long/path?with=query here"), 4 + 23 + 5);
}

}  // namespace
}  // namespace assay::evaluator
