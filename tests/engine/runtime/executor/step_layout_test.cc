// Tests of the order of a step on a device.
#include "engine/runtime/executor/step_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <vector>

namespace assay::engine {
namespace {

using testing::ElementsAre;

std::vector<int64_t> Values(const StepLayout& layout, const StepLayout::Range& range) {
  const auto begin = layout.values.begin() + range.begin;
  return {begin, begin + range.size};
}

// Sequences with pages of their own: sequence i has the pages 10 i, 10 i + 1, ...
class StepLayoutTest : public testing::Test {
 protected:
  void AddChunk(int64_t position, int64_t tokens, int64_t logits = 1) {
    const auto sequence = static_cast<int32_t>(pages_.size());
    std::vector<int32_t> pages;
    for (int32_t page = 0; page < 1000; ++page) pages.push_back(1000 * sequence + page);
    pages_.push_back(pages);
    std::vector<TokenId> ids;
    for (int64_t t = 0; t < tokens; ++t) ids.push_back(100 * sequence + static_cast<TokenId>(t));
    ids_.push_back(ids);
    positions_.push_back(position);
    logits_.push_back(logits);
  }

  StepLayout Lay(int64_t window = 0) {
    chunks_.clear();
    for (size_t i = 0; i < pages_.size(); ++i) {
      chunks_.push_back(
          {.pages = pages_[i], .tokens = ids_[i], .position = positions_[i], .logits = logits_[i]});
    }
    return LayOut(chunks_, window);
  }

  static int64_t Slot(int64_t sequence, int64_t position) { return sequence * 32000 + position; }

  std::vector<std::vector<int32_t>> pages_;
  std::vector<std::vector<TokenId>> ids_;
  std::vector<int64_t> positions_;
  std::vector<int64_t> logits_;
  std::vector<SequenceChunk> chunks_;
};

TEST_F(StepLayoutTest, ChunksOfOneTokenAreOneGroupBeforeTheOthers) {
  AddChunk(/*position=*/0, /*tokens=*/3);
  AddChunk(10, 1);
  AddChunk(40, 1);
  const StepLayout layout = Lay();
  EXPECT_THAT(layout.order, ElementsAre(2, 1, 0));
  EXPECT_THAT(Values(layout, layout.tokens), ElementsAre(200, 100, 0, 1, 2));
  EXPECT_THAT(Values(layout, layout.positions), ElementsAre(40, 10, 0, 1, 2));
  EXPECT_THAT(Values(layout, layout.slots),
              ElementsAre(Slot(2, 40), Slot(1, 10), Slot(0, 0), Slot(0, 1), Slot(0, 2)));
  ASSERT_EQ(layout.groups.size(), 2);
  EXPECT_EQ(layout.groups[0].sequences, 2);
  EXPECT_EQ(layout.groups[0].tokens, 1);
  EXPECT_EQ(layout.groups[1].row, 2);
  EXPECT_EQ(layout.groups[1].sequences, 1);
  EXPECT_EQ(layout.groups[1].tokens, 3);
}

TEST_F(StepLayoutTest, LogitRowsAreInTheOrderOfTheChunks) {
  AddChunk(0, 3, /*logits=*/2);
  AddChunk(5, 1);
  AddChunk(0, 4, /*logits=*/0);
  const StepLayout layout = Lay();
  // Rows: the second chunk is row 0, the first rows 1 to 3.
  EXPECT_THAT(Values(layout, layout.logit_rows), ElementsAre(2, 3, 0));
}

TEST_F(StepLayoutTest, PaddedKeysRepeatTheFirstOfTheSameSequence) {
  AddChunk(20, 1);
  AddChunk(1, 1);
  const StepLayout layout = Lay();
  ASSERT_EQ(layout.groups.size(), 1);
  const StepLayout::Keys& keys = layout.groups[0].keys;
  EXPECT_EQ(keys.length, 64);
  const std::vector<int64_t> slots = Values(layout, keys.slots);
  ASSERT_EQ(slots.size(), 128);
  EXPECT_EQ(slots[20], Slot(0, 20));
  EXPECT_EQ(slots[21], Slot(0, 0));
  EXPECT_EQ(slots[63], Slot(0, 0));
  EXPECT_EQ(slots[64 + 1], Slot(1, 1));
  EXPECT_EQ(slots[64 + 2], Slot(1, 0));
  EXPECT_THAT(Values(layout, keys.begins), ElementsAre(0, 0));
}

TEST_F(StepLayoutTest, WindowKeysBeginWithTheFirstVisibleToken) {
  AddChunk(/*position=*/100, /*tokens=*/4);
  const StepLayout layout = Lay(/*window=*/10);
  const StepLayout::Keys& keys = layout.groups[0].window_keys;
  EXPECT_THAT(Values(layout, keys.begins), ElementsAre(91));
  EXPECT_EQ(Values(layout, keys.slots).front(), Slot(0, 91));
  EXPECT_EQ(keys.length, 64);
  EXPECT_EQ(layout.groups[0].keys.length, PaddedKeys(104));
}

TEST_F(StepLayoutTest, ShortSequencesAreNotPaddedToVeryLongOnes) {
  for (int i = 0; i < 15; ++i) AddChunk(30 + i, 1);
  AddChunk(8000, 1);
  const StepLayout layout = Lay();
  ASSERT_EQ(layout.groups.size(), 2);
  EXPECT_EQ(layout.groups[0].sequences, 1);
  EXPECT_EQ(layout.groups[1].sequences, 15);
  EXPECT_EQ(layout.groups[1].keys.length, 64);
}

// The number of groups, and so of launches, is bounded whatever the lengths are.
TEST_F(StepLayoutTest, LengthsUpTo8192MakeAtMostFourGroups) {
  for (int64_t i = 1; i < 130; ++i) AddChunk(63 * i, 1);
  EXPECT_LE(Lay().groups.size(), 4);
}

TEST(PaddedKeysTest, HasFourLengthsBetweenPowersOfTwo) {
  EXPECT_EQ(PaddedKeys(1), 64);
  EXPECT_EQ(PaddedKeys(64), 64);
  EXPECT_EQ(PaddedKeys(65), 80);
  EXPECT_EQ(PaddedKeys(128), 128);
  EXPECT_EQ(PaddedKeys(129), 160);
  std::set<int64_t> lengths;
  for (int64_t length = 1; length <= 8192; ++length) {
    const int64_t padded = PaddedKeys(length);
    EXPECT_GE(padded, length);
    if (length > 64) {
      EXPECT_LE(4 * padded, 5 * length + 4) << length;
    }
    lengths.insert(padded);
  }
  EXPECT_EQ(lengths.size(), 1 + 4 * 7);
}

}  // namespace
}  // namespace assay::engine
