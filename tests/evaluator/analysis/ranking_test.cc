// Tests of rankings of candidates.
#include "evaluator/analysis/ranking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace assay::evaluator {
namespace {

using ::testing::ElementsAre;

std::vector<Unit> Units(int count) {
  std::vector<Unit> units;
  for (int i = 0; i < count; ++i) {
    units.push_back({.id = absl::StrCat("p", i), .content_type = "blog"});
  }
  return units;
}

// Gives the first `count` units the values start + i x step.
UnitValues Values(int count, double start, double step) {
  UnitValues values;
  for (int i = 0; i < count; ++i) values.values[absl::StrCat("p", i)] = start + step * i;
  return values;
}

std::vector<int> Ranks(const Ranking& ranking) {
  std::vector<int> ranks;
  for (const RankedCandidate& candidate : ranking.candidates) ranks.push_back(candidate.rank);
  return ranks;
}

TEST(RankingTest, OrdersByMeanAndSharesRanksOfIndistinguishableCandidates) {
  UnitValues noisy = Values(20, 8, 0.01);
  for (int i = 0; i < 20; ++i) noisy.values[absl::StrCat("p", i)] += i % 2 == 0 ? 0.5 : -0.4;
  const Ranking ranking = RankCandidates(
      Units(20), "", {{"a", Values(20, 8, 0.01)}, {"b", noisy}, {"c", Values(20, 6, 0.02)}}, 0.05);
  ASSERT_EQ(ranking.candidates.size(), 3);
  EXPECT_EQ(ranking.candidates[0].name, "b");
  EXPECT_EQ(ranking.candidates[1].name, "a");
  EXPECT_EQ(ranking.candidates[2].name, "c");
  EXPECT_THAT(Ranks(ranking), ElementsAre(1, 1, 3));
  EXPECT_EQ(ranking.candidates[1].n_common, 20);
}

// Holm's correction covers the tested pairs only: a candidate with too few prompts does not weaken
// the tests of the others.
TEST(RankingTest, UntestedPairsDoNotBelongToTheFamily) {
  const Ranking ranking = RankCandidates(
      Units(6), "", {{"a", Values(6, 8, 0.01)}, {"b", Values(6, 6, 0.02)}, {"c", Values(2, 3, 0)}},
      0.05);
  EXPECT_THAT(Ranks(ranking), ElementsAre(1, 3, 1));
}

TEST(RankingTest, LeavesOutCandidatesWithoutValuesInTheContentType) {
  std::vector<Unit> units = Units(8);
  units[7].content_type = "email";
  UnitValues only_email;
  only_email.values["p7"] = 9;
  const Ranking ranking =
      RankCandidates(units, "blog", {{"a", Values(8, 8, 0.01)}, {"b", only_email}}, 0.05);
  ASSERT_EQ(ranking.candidates.size(), 1);
  EXPECT_EQ(ranking.candidates[0].name, "a");
  EXPECT_EQ(ranking.candidates[0].n, 7);
}

}  // namespace
}  // namespace assay::evaluator
