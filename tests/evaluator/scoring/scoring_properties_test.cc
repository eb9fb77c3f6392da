// Properties of the assay scorer over generated texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/scoring/assay_scorer.h"
#include "evaluator/scoring/tweet_length.h"

namespace assay::evaluator {
namespace {

constexpr char kPrompt[] =
    "Write for a bakery that wants more orders for Saturday bread: name the deadline, the pick-up "
    "window and one reason to order ahead.";

constexpr std::array<std::string_view, 14> kSentences = {
    "Saturday bread sells out by 10 a.m. every week.",
    "Would you rather stand in line or walk past it?",
    "Order by Thursday at 6 p.m. and your loaf has your name on it.",
    "We bake 120 loaves a night in an oven that was built in 1987.",
    "Pick up your bread between 8 and 11 a.m. at the side door.",
    "Last year we threw 14 % of our bread away, which we could not stand any longer.",
    "What we learned is that a list on paper works better than a guess.",
    "You get the bread you asked for, and we know how much flour to buy.",
    "The rye needs 18 hours, so that nobody can bake it at short notice.",
    "Reply with the number of loaves, or call us before noon.",
    "Anna Keller, who runs the counter, has tested the new list for a month.",
    "It takes one minute, and it is free.",
    "There is no fee if you cancel until Friday at noon.",
    "Our neighbours told us that they come less often when the shelf is empty."};

std::vector<std::string> Types() {
  std::vector<std::string> types = {"something else"};
  for (const ContentTypeProfile& profile : BuiltInProfiles()) types.push_back(profile.name);
  return types;
}

Score ScoreOf(const std::string& type, const std::string& text,
              const std::string& finish = "end_of_text", const std::string& prompt = kPrompt) {
  static const auto* scorer = new AssayScorer();
  return *scorer->ScoreText(
      {.content_type = type, .prompt = prompt, .text = text, .finish_reason = finish});
}

// Sentences in some order, some of them again.
std::string SomeText(std::mt19937_64& random, size_t sentences) {
  constexpr std::array<const char*, 4> kBreaks = {" ", " ", "\n", "\n\n- "};
  std::string text;
  for (size_t i = 0; i < sentences; ++i) {
    if (i > 0) text += kBreaks[random() % kBreaks.size()];
    text += kSentences[random() % kSentences.size()];
  }
  return text;
}

// What a model that knows nothing writes: pieces of words, names, numbers, other scripts.
std::string Noise(std::mt19937_64& random, size_t pieces) {
  constexpr std::array<const char*, 24> kPieces = {
      "Worcester", "isotop", "ING",  "1987", "%",      "vexation", "Lumberjack", "\u00e9t\u00e9",
      "photosyn",  "?",      ". ",   "\n",   "\u6771", "Rhombus",  "str",        "oxidation",
      "QUO",       "gust",   "meta", "3.5",  "#crate", "Zanzibar", "tor",        "plastics"};
  std::string text;
  for (size_t i = 0; i < pieces; ++i) {
    absl::StrAppend(&text, kPieces[random() % kPieces.size()], random() % 4 == 0 ? "" : " ");
  }
  return text;
}

TEST(ScoringPropertiesTest, CopiesNeverRaise) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 150; ++i) {
    const std::string text =
        i % 4 == 0 ? Noise(random, random() % 60) : SomeText(random, random() % 30);
    for (const std::string& type : Types()) {
      const double once = ScoreOf(type, text).overall;
      for (const char* between : {"", " ", "\n\n"}) {
        const std::string twice = absl::StrCat(text, between, text);
        ASSERT_LE(ScoreOf(type, twice).overall, once + 1e-9) << type << ": " << text;
        ASSERT_LE(ScoreOf(type, absl::StrCat(twice, between, twice)).overall, once + 1e-9);
      }
    }
  }
}

TEST(ScoringPropertiesTest, TermsStrewnBehindNeverRaise) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 150; ++i) {
    const std::string text = SomeText(random, 1 + random() % 20);
    for (const ContentTypeProfile& profile : BuiltInProfiles()) {
      std::vector<std::string> terms = profile.vocabulary;
      for (const char* word : {"proven", "validated", "tested", "measured"}) {
        terms.emplace_back(word);
      }
      std::shuffle(terms.begin(), terms.end(), random);
      const double before = ScoreOf(profile.name, text).overall;
      std::string spaced = text;
      std::string listed = text;
      std::string ended = text;
      for (size_t k = 0; k < 1 + random() % terms.size(); ++k) {
        absl::StrAppend(&spaced, " ", terms[k]);
        absl::StrAppend(&listed, k == 0 ? " " : ", ", terms[k]);
        absl::StrAppend(&ended, " ", terms[k], ".");
      }
      for (const std::string& strewn : {spaced, spaced + ".", listed + "!", ended}) {
        // A tweet below its band grows longer by them, and the gate must cost more.
        ASSERT_LE(ScoreOf(profile.name, strewn).overall, before + 1e-9)
            << profile.name << ": " << strewn;
      }
    }
  }
}

TEST(ScoringPropertiesTest, NoiseIsBelowTwoAndBelowAnyPlausibleText) {
  std::mt19937_64 random(3);
  for (const std::string& type : Types()) {
    double plausible = 10;
    for (int i = 0; i < 200; ++i) {
      // Four different sentences and more.
      std::vector<std::string_view> sentences(kSentences.begin(), kSentences.end());
      std::shuffle(sentences.begin(), sentences.end(), random);
      std::string text;
      for (size_t k = 0; k < 4 + random() % 10; ++k) {
        absl::StrAppend(&text, k == 0 ? "" : " ", std::string(sentences[k]));
      }
      // A tweet of more than 560 has no length to speak of.
      if (type == "twitter") text = text.substr(0, text.find_last_of('.', 270) + 1);
      plausible = std::min(plausible, ScoreOf(type, text).overall);
    }
    for (int i = 0; i < 150; ++i) {
      const std::string noise = Noise(random, 1 + random() % 200);
      for (const char* prompt : {kPrompt, ""}) {
        const double score = ScoreOf(type, noise, "length", prompt).overall;
        ASSERT_LT(score, 2) << type << ": " << noise;
        ASSERT_LT(score, plausible) << type << ": " << noise;
      }
    }
  }
}

TEST(ScoringPropertiesTest, RandomBytesAreBelowTwo) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 1000; ++i) {
    std::string bytes(random() % 600, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    for (const char* type : {"twitter", "blog", "default"}) {
      ASSERT_LT(ScoreOf(type, bytes, "length", "").overall, 2);
    }
  }
}

TEST(ScoringPropertiesTest, LengthGoesUpToTheBandAndDownBehindIt) {
  for (const std::string& type : Types()) {
    std::string text;
    double before = 0;
    bool falling = false;
    for (size_t i = 0; i < 140; ++i) {
      // Different every time, so that nothing is a copy.
      absl::StrAppend(&text, "Loaf ", i, " is for you. ");
      const double length = ScoreOf(type, text).parts.at("length");
      falling = falling || length < before;
      if (falling) {
        ASSERT_LE(length, before) << type << " at " << i;
      }
      before = length;
    }
  }
}

TEST(ScoringPropertiesTest, ATextCutByTheTokenLimitIsBelowTheWhole) {
  std::string text;
  for (std::string_view sentence : kSentences) absl::StrAppend(&text, std::string(sentence), "\n");
  for (const char* type : {"linkedin", "business", "default"}) {
    const double whole = ScoreOf(type, text).overall;
    for (size_t size = 10; size + 5 < text.size(); size += 7) {
      if (std::string_view(".?\n").find(text[size - 1]) != std::string_view::npos) continue;
      ASSERT_LT(ScoreOf(type, text.substr(0, size), "length").overall, whole)
          << type << " " << size;
    }
  }
}

// Known lengths of twitter-text's conformance suite for configuration 3.
TEST(TweetLengthConformanceTest, CountsAsTwitterTextDoes) {
  const auto repeated = [](std::string_view unit, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += unit;
    return text;
  };
  EXPECT_EQ(TweetLength("This is a test."), 15);
  EXPECT_EQ(TweetLength("Hi http://test.co"), 26);
  EXPECT_EQ(TweetLength("test.com"), 23);
  EXPECT_EQ(TweetLength("foo.co.jp"), 23);
  EXPECT_EQ(TweetLength("Test https://test.com test https://test.com test.com test"), 86);
  EXPECT_EQ(TweetLength(repeated("https://www.twitter.com/aloha ", 10)), 240);
  EXPECT_EQ(TweetLength(absl::StrCat("285 chars-", repeated("xxxxxxxxxx-", 25))), 285);
  EXPECT_EQ(TweetLength("randomurlrandomurlrandomurlrandomurlrandomurlrandomurlrandomurls.com"),
            68);
  EXPECT_EQ(TweetLength(repeated("\u3042", 140)), 280);
  EXPECT_EQ(TweetLength(repeated("\u4f60", 141)), 282);
  EXPECT_EQ(TweetLength("1\ufe0f\u20e3"), 2);
  EXPECT_EQ(
      TweetLength("H\U0001f431\u263a\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"),
      7);
  EXPECT_EQ(TweetLength("\U0001f637\U0001f47e\U0001f621\U0001f525\U0001f4a9"), 10);
  EXPECT_EQ(TweetLength("\U0001f64b\U0001f3fd\U0001f468\u200d\U0001f3a4"), 4);
  EXPECT_EQ(
      TweetLength("Unicode 10.0 emoji: \U0001f92a; \U0001f9d5; \U0001f9d5\U0001f3fe; \U0001f3f4"
                  "\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"),
      34);
  EXPECT_EQ(TweetLength("A\u0301B"), 2);
  EXPECT_EQ(TweetLength("a\r\nb"), 4);
}

}  // namespace
}  // namespace assay::evaluator
