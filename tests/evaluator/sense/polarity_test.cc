// Tests of the search for inverted statements, against hand-written pairs of texts.
#include "evaluator/sense/polarity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluator/sense/facts.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kPrompt[] =
    "Write to the neighbors. The parking garage stays closed for two weeks. The shuttle bus does "
    "not run on weekends.";

TEST(PolarityTest, FindsMostInversionsAndNoFalseOnesInHandWrittenTexts) {
  std::ifstream file("tests/golden/scoring/inverted_statements.jsonl");
  int texts = 0;
  size_t found = 0;
  for (std::string line; std::getline(file, line); ++texts) {
    const nlohmann::json pair = nlohmann::json::parse(line);
    const std::string prompt = pair.at("prompt");
    for (const auto& wrong : FindInvertedStatements(prompt, pair.at("true").get<std::string>())) {
      ADD_FAILURE() << "\"" << wrong.prompt << "\" is not the opposite of \"" << wrong.text << "\"";
    }
    found += FindInvertedStatements(prompt, pair.at("inverted").get<std::string>()).size();
  }
  ASSERT_EQ(texts, 18);
  // Each inverted text has three inversions. A few are antonyms or too short to be sure.
  EXPECT_GE(found, 44U);
  EXPECT_LE(found, 54U);
}

TEST(PolarityTest, BothDirectionsAreFoundWithTheirClauses) {
  const auto found = FindInvertedStatements(
      kPrompt,
      "Hello all, the parking garage doesn't stay closed for two weeks. The shuttle bus "
      "runs on weekends, so please take it.");
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].prompt, "The parking garage stays closed for two weeks");
  EXPECT_EQ(found[0].text, "the parking garage doesn't stay closed for two weeks");
  EXPECT_EQ(found[1].text, "The shuttle bus runs on weekends");
}

TEST(PolarityTest, KeptStatementsOnlyAndQuestionsAreNoInversions) {
  for (const char* text :
       {"The parking garage stays closed for two weeks, and the shuttle bus does not run on "
        "weekends.",
        "The parking garage stays closed for not only two weeks, but three.",
        "Why does the parking garage not stay closed for two weeks? Because it is not yours.",
        "The parking garage stays closed for two weeks. Do not hope that the parking garage "
        "would not stay closed for two weeks.",
        "Das Parkhaus ist nicht geschlossen, und der Bus fährt auch am Wochenende für alle."}) {
    EXPECT_THAT(FindInvertedStatements(kPrompt, text), IsEmpty()) << text;
  }
}

TEST(PolarityTest, AnInversionIsAChangedFact) {
  const FactCheck check = CheckFacts(
      kPrompt,
      "You asked about the parking garage: the parking garage is not closed for two weeks.");
  EXPECT_THAT(check.changed,
              ElementsAre("the prompt says \"The parking garage stays closed for two weeks\", the "
                          "text \"the parking garage is not closed for two weeks\""));
}

}  // namespace
}  // namespace assay::evaluator
