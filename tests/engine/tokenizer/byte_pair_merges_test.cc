// Merges that a vocabulary lacks.
#include "engine/tokenizer/byte_pair_merges.h"

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const absl::flat_hash_map<std::string, TokenId> kVocabulary = {{"a", 0},  {"b", 1},  {"c", 2},
                                                               {"ab", 3}, {"bc", 4}, {"abc", 5}};

TEST(BytePairMergesTest, TheLowestRankMergesFirstAndThenTheLeftmost) {
  const auto merges = BytePairMerges::Make(std::vector<std::string>{"b c", "a b"}, kVocabulary);
  ASSERT_TRUE(merges.ok()) << merges.status();
  std::vector<TokenId> symbols = {0, 1, 2, 0, 1};
  EXPECT_TRUE(merges->Apply(&symbols).ok());
  EXPECT_THAT(symbols, ElementsAre(0, 4, 3));
}

TEST(BytePairMergesTest, TheHighestScoreMergesFirst) {
  const std::vector<std::string> tokens = {"a", "b", "c", "ab", "bc", "abc"};
  const auto merges = BytePairMerges::FromScores(tokens, {0, 0, 0, -2, -1, -3}, kVocabulary);
  ASSERT_TRUE(merges.ok()) << merges.status();
  std::vector<TokenId> symbols = {0, 1, 2};
  EXPECT_TRUE(merges->Apply(&symbols).ok());
  EXPECT_THAT(symbols, ElementsAre(5));
}

TEST(BytePairMergesTest, UnknownPartsAreNamed) {
  const absl::Status status =
      BytePairMerges::Make(std::vector<std::string>{"b c", "a zz"}, kVocabulary).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("merges[1]: 'a zz'"));
}

}  // namespace
}  // namespace assay::engine
