// Tests of compact letter displays.
#include "evaluator/stats/compact_letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;

TEST(CompactLettersTest, WithoutDifferencesAllShareALetter) {
  EXPECT_THAT(CompactLetters(3, {}), ElementsAre("a", "a", "a"));
  EXPECT_THAT(CompactLetters(1, {}), ElementsAre("a"));
}

TEST(CompactLettersTest, AnItemBetweenTwoOthersHasBothLetters) {
  EXPECT_THAT(CompactLetters(3, {{0, 2}}), ElementsAre("a", "ab", "b"));
  EXPECT_THAT(CompactLetters(3, {{0, 1}, {0, 2}, {1, 2}}), ElementsAre("a", "b", "c"));
}

TEST(CompactLettersTest, SharedLettersAreExactlyThePairsThatDoNotDiffer) {
  std::mt19937 random(5);
  for (int run = 0; run < 200; ++run) {
    const int count = 2 + run % 8;
    std::vector<std::pair<int, int>> different;
    for (int i = 0; i < count; ++i) {
      for (int k = i + 1; k < count; ++k) {
        if (random() % 3 == 0) different.emplace_back(i, k);
      }
    }
    const std::vector<std::string> letters = CompactLetters(count, different);
    const std::set<std::pair<int, int>> pairs(different.begin(), different.end());
    for (int i = 0; i < count; ++i) {
      EXPECT_FALSE(letters[static_cast<size_t>(i)].empty());
      for (int k = i + 1; k < count; ++k) {
        const bool shared = letters[static_cast<size_t>(i)].find_first_of(
                                letters[static_cast<size_t>(k)]) != std::string::npos;
        EXPECT_EQ(shared, !pairs.contains({i, k})) << "run " << run;
      }
    }
  }
}

// Twenty pairs in which each candidate differs from its partner only need 2^20 letters.
TEST(CompactLettersTest, TooManyLettersGiveNone) {
  std::vector<std::pair<int, int>> different;
  for (int i = 0; i < 20; ++i) different.emplace_back(2 * i, 2 * i + 1);
  for (const std::string& letters : CompactLetters(40, different)) EXPECT_EQ(letters, "");
}

}  // namespace
}  // namespace assay::evaluator
