#include "engine/runtime/scheduler/prompt_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace assay::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kMax = 8;

TEST(LookUpDraftTest, DraftIsWhatFollowedTheEarlierOccurrence) {
  const std::vector<TokenId> text = {9, 1, 2, 3, 4, 5, 6, 8, 1, 2, 3};
  EXPECT_THAT(LookUpDraft(text, 2), ElementsAre(4, 5));
  EXPECT_THAT(LookUpDraft(text, kMax), ElementsAre(4, 5, 6, 8, 1, 2, 3));
}

TEST(LookUpDraftTest, AMatchOfTwoTokensIsTooShort) {
  EXPECT_THAT(LookUpDraft(std::vector<TokenId>{9, 1, 2, 5, 8, 1, 2}, kMax), IsEmpty());
  EXPECT_THAT(LookUpDraft(std::vector<TokenId>{1, 2, 3}, kMax), IsEmpty());
  EXPECT_THAT(LookUpDraft(std::vector<TokenId>{}, kMax), IsEmpty());
  EXPECT_THAT(LookUpDraft(std::vector<TokenId>{1, 2, 3, 4, 1, 2, 3}, 0), IsEmpty());
}

TEST(LookUpDraftTest, TheLongestMatchWinsThenTheLatest) {
  EXPECT_THAT(LookUpDraft(std::vector<TokenId>{7, 1, 2, 3, 4, 8, 1, 2, 3, 5, 7, 1, 2, 3}, 1),
              ElementsAre(4));
  EXPECT_THAT(LookUpDraft(std::vector<TokenId>{7, 1, 2, 3, 4, 8, 1, 2, 3, 5, 9, 1, 2, 3}, 1),
              ElementsAre(5));
}

TEST(LookUpDraftTest, ARepeatedTokenIsItsOwnDraft) {
  EXPECT_THAT(LookUpDraft(std::vector<TokenId>{4, 4, 4, 4}, kMax), ElementsAre(4));
}

TEST(DraftLengthTest, StopsAfterRejectionsAndTriesAgain) {
  constexpr double kShare = 0.25;
  DraftLength length;
  EXPECT_GT(length.Choose(kShare, kMax), 0);
  for (int i = 0; i < 20; ++i) length.Record(0, 1);
  EXPECT_EQ(length.Choose(kShare, kMax), 0);
  for (int i = 0; i < 500; ++i) length.Skip();
  EXPECT_GT(length.Choose(kShare, kMax), 0);
}

TEST(DraftLengthTest, GrowsWithAcceptanceAndShrinksWithCost) {
  DraftLength length;
  for (int i = 0; i < 20; ++i) length.Record(4, 4);
  EXPECT_EQ(length.Choose(0.25, kMax), kMax);
  for (int i = 0; i < 3; ++i) length.Record(0, 1);
  EXPECT_EQ(length.Choose(0.25, kMax), 3);
  EXPECT_EQ(length.Choose(0.5, kMax), 1);
  EXPECT_EQ(length.Choose(1.0, kMax), 0);
}

}  // namespace
}  // namespace assay::engine
