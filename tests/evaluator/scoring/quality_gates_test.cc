// Tests of the quality gates, through the scorer.
#include "evaluator/scoring/quality_gates.h"

#include <gtest/gtest.h>

#include <string>

#include "evaluator/scoring/assay_scorer.h"
#include "tests/evaluator/scoring/sample_texts.h"

namespace assay::evaluator {
namespace {

TEST(QualityGatesTest, TruncationPlaceholdersAndChatterLowerTheScore) {
  const std::string good(kGood);
  const std::string cut = good.substr(0, good.size() - 30);
  EXPECT_LT(ScoreOf("linkedin", cut, kPrompt, "length"),
            ScoreOf("linkedin", cut, kPrompt, "end_of_text"));
  EXPECT_LT(ScoreOf("linkedin", good + "\n\n[Your Name]."), ScoreOf("linkedin", good));
  EXPECT_LT(ScoreOf("linkedin", "Sure! Here is your post. " + good), ScoreOf("linkedin", good));
}

TEST(QualityGatesTest, RepetitionLowersTheScore) {
  std::string loop = "We measured the newsletter and we found that it works.";
  for (int i = 0; i < 12; ++i) loop += " And so it goes on and on, as we said before.";
  EXPECT_LT(ScoreOf("linkedin", loop), 3);
}

TEST(QualityGatesTest, AnEchoOfThePromptScoresBelowOne) {
  for (const char* type : {"twitter", "linkedin", "technical", "email", "default"}) {
    EXPECT_LT(ScoreOf(type, kPrompt), 1) << type;
  }
}

TEST(QualityGatesTest, LinksAndCodeAreNotPlaceholders) {
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

TEST(QualityGatesTest, AppliesThePromptsConstraints) {
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

}  // namespace
}  // namespace assay::evaluator
