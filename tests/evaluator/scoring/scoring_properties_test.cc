// Property tests of the assay scorer over generated texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "evaluator/scoring/assay_scorer.h"

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

// Returns sentences in random order, possibly repeated.
std::string SomeText(std::mt19937_64& random, size_t sentences) {
  constexpr std::array<const char*, 4> kBreaks = {" ", " ", "\n", "\n\n- "};
  std::string text;
  for (size_t i = 0; i < sentences; ++i) {
    if (i > 0) text += kBreaks[random() % kBreaks.size()];
    text += kSentences[random() % kSentences.size()];
  }
  return text;
}

// Returns text as an untrained model would generate: pieces of words, names, numbers, other
// scripts.
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

TEST(ScoringPropertiesTest, CopiesNeverRaiseTheScore) {
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

TEST(ScoringPropertiesTest, AppendedTermsNeverRaiseTheScore) {
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
      for (const std::string& stuffed : {spaced, spaced + ".", listed + "!", ended}) {
        // The terms lengthen a tweet below its band, so the gate must cost more than that gains.
        ASSERT_LE(ScoreOf(profile.name, stuffed).overall, before + 1e-9)
            << profile.name << ": " << stuffed;
      }
    }
  }
}

TEST(ScoringPropertiesTest, NoiseScoresBelowTwoAndBelowAnyPlausibleText) {
  std::mt19937_64 random(3);
  for (const std::string& type : Types()) {
    double plausible = 10;
    for (int i = 0; i < 200; ++i) {
      // At least four different sentences.
      std::vector<std::string_view> sentences(kSentences.begin(), kSentences.end());
      std::shuffle(sentences.begin(), sentences.end(), random);
      std::string text;
      for (size_t k = 0; k < 4 + random() % 10; ++k) {
        absl::StrAppend(&text, k == 0 ? "" : " ", std::string(sentences[k]));
      }
      // A tweet of over 560 characters would score 0 for its length.
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

TEST(ScoringPropertiesTest, RandomBytesScoreBelowTwo) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 1000; ++i) {
    std::string bytes(random() % 600, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    for (const char* type : {"twitter", "blog", "default"}) {
      ASSERT_LT(ScoreOf(type, bytes, "length", "").overall, 2);
    }
  }
}

TEST(ScoringPropertiesTest, LengthRisesToTheBandAndFallsAboveIt) {
  for (const std::string& type : Types()) {
    std::string text;
    double before = 0;
    bool falling = false;
    for (size_t i = 0; i < 140; ++i) {
      // Each sentence is different, so that none is a copy.
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

TEST(ScoringPropertiesTest, ATruncatedTextScoresBelowTheWhole) {
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

}  // namespace
}  // namespace assay::evaluator
