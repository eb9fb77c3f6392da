// Tests of the fact check: what is a fact, and what counts as changed.
#include "evaluator/sense/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kEmail[] =
    "Write an email (80 to 200 words) to a client whose website text is three days late. Give the "
    "new date (Wednesday 14 October), and say which two pages come first.";

TEST(FactsTest, FactsThatAreKeptOrLeftOutAreNotChanged) {
  const FactCheck kept = CheckFacts(
      kEmail,
      "Your text is three days late. It comes on Wednesday 14 October; 2 pages come first.");
  EXPECT_EQ(kept.given, 5);
  EXPECT_EQ(kept.kept, 5);
  EXPECT_THAT(kept.changed, IsEmpty());
  const FactCheck silent = CheckFacts(kEmail, "Your text is late, and I am sorry for that.");
  EXPECT_EQ(silent.kept, 0);
  EXPECT_THAT(silent.changed, IsEmpty());
}

TEST(FactsTest, ChangedDatesUnitsAndNumbersAreNamed) {
  const FactCheck check = CheckFacts(
      kEmail, "Your text is three years early. It comes on Monday 3 March; 5 pages come first.");
  EXPECT_THAT(check.changed, UnorderedElementsAre("the prompt has 14 october, the text 3 march",
                                                  "the prompt has october, the text march",
                                                  "the prompt has wednesday, the text monday",
                                                  "the prompt has 2 pages, the text 5 pages",
                                                  "the prompt has 3 days, the text 3 years"));
}

TEST(FactsTest, InstructionsAreNoFacts) {
  const FactCheck check =
      CheckFacts("Write 250 to 400 words in at most 5 sentences with two hashtags.",
                 "We have 12 hashtags, 300 words and 7 sentences.");
  EXPECT_EQ(check.given, 0);
  EXPECT_THAT(check.changed, IsEmpty());
}

TEST(FactsTest, NumbersCompareInWordsDigitsAndPlurals) {
  EXPECT_EQ(CheckFacts("a studio of three people", "our three-person studio").kept, 1);
  EXPECT_EQ(CheckFacts("It costs 1,200 euros.", "Sie kostet 1.200 Euro.").kept, 1);
  EXPECT_EQ(CheckFacts("It costs 2.50 euros.", "Sie kostet 2,5 Euro.").kept, 1);
  EXPECT_THAT(CheckFacts("It costs 1,200 euros.", "It costs 12 euros.").changed,
              ElementsAre("the prompt has 1200 euros, the text 12 euros"));
}

TEST(FactsTest, FrequenciesCompareByTheirPeriod) {
  constexpr char kWeekly[] = "We publish a weekly checklist.";
  EXPECT_EQ(CheckFacts(kWeekly, "Every Monday you get a checklist.").kept, 1);
  EXPECT_EQ(CheckFacts(kWeekly, "Jede Woche gibt es eine Liste.").kept, 1);
  EXPECT_THAT(CheckFacts(kWeekly, "Every month you get a checklist.").changed,
              ElementsAre("the prompt has every week, the text every month"));
}

TEST(FactsTest, OtherLanguagesKeepTheFacts) {
  const FactCheck check = CheckFacts(
      kEmail,
      "Ihr Text ist drei Tage zu spät. Er kommt am Mittwoch, 14. Oktober; zwei pages zuerst.");
  EXPECT_EQ(check.kept, 5);
  EXPECT_THAT(check.changed, IsEmpty());
}

TEST(FactsTest, AnotherTimeOfThePromptIsNoChange) {
  EXPECT_THAT(CheckFacts("A trial of 30 days, then 12 months.", "Pay for 12 months.").changed,
              IsEmpty());
}

}  // namespace
}  // namespace assay::evaluator
