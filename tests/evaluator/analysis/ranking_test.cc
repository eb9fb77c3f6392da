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

// Tests every two candidates in one family.
std::vector<PairwiseTest> Tests(const std::vector<Unit>& units, const std::string& type,
                                const CandidateValues& values) {
  std::vector<PairwiseTest> tests;
  for (auto first = values.begin(); first != values.end(); ++first) {
    for (auto second = std::next(first); second != values.end(); ++second) {
      tests.push_back(TestPair(units, type, values, first->first, second->first, 0.05));
    }
  }
  Correct(Correction::kHolm, 0.05, &tests);
  KeepWithMeans(units, values, &tests);
  return tests;
}

Ranking Rank(const std::vector<Unit>& units, const std::string& type,
             const CandidateValues& values) {
  return RankCandidates(units, type, values, Tests(units, type, values));
}

std::vector<std::string> Letters(const Ranking& ranking) {
  std::vector<std::string> letters;
  for (const RankedCandidate& candidate : ranking.candidates) letters.push_back(candidate.letters);
  return letters;
}

std::vector<int> Ranks(const Ranking& ranking) {
  std::vector<int> ranks;
  for (const RankedCandidate& candidate : ranking.candidates) ranks.push_back(candidate.rank);
  return ranks;
}

TEST(RankingTest, OrdersByMeanAndSharesRanksOfIndistinguishableCandidates) {
  UnitValues noisy = Values(20, 8, 0.01);
  for (int i = 0; i < 20; ++i) noisy.values[absl::StrCat("p", i)] += i % 2 == 0 ? 0.5 : -0.4;
  const Ranking ranking =
      Rank(Units(20), "", {{"a", Values(20, 8, 0.01)}, {"b", noisy}, {"c", Values(20, 6, 0.02)}});
  ASSERT_EQ(ranking.candidates.size(), 3);
  EXPECT_EQ(ranking.candidates[0].name, "b");
  EXPECT_EQ(ranking.candidates[1].name, "a");
  EXPECT_EQ(ranking.candidates[2].name, "c");
  EXPECT_THAT(Ranks(ranking), ElementsAre(1, 1, 3));
  EXPECT_THAT(Letters(ranking), ElementsAre("a", "a", "b"));
  EXPECT_EQ(ranking.candidates[1].n_common, 20);
}

// Holm's correction covers the tested pairs only: a candidate with too few prompts does not weaken
// the tests of the others.
TEST(RankingTest, UntestedPairsDoNotBelongToTheFamily) {
  const Ranking ranking = Rank(
      Units(6), "", {{"a", Values(6, 8, 0.01)}, {"b", Values(6, 6, 0.02)}, {"c", Values(2, 3, 0)}});
  // c is not shown to differ from either, and its mean is the lowest.
  EXPECT_THAT(Ranks(ranking), ElementsAre(1, 2, 2));
  EXPECT_THAT(Letters(ranking), ElementsAre("a", "b", "ab"));
}

TEST(RankingTest, LeavesOutCandidatesWithoutValuesInTheContentType) {
  std::vector<Unit> units = Units(8);
  units[7].content_type = "email";
  UnitValues only_email;
  only_email.values["p7"] = 9;
  const Ranking ranking = Rank(units, "blog", {{"a", Values(8, 8, 0.01)}, {"b", only_email}});
  ASSERT_EQ(ranking.candidates.size(), 1);
  EXPECT_EQ(ranking.candidates[0].name, "a");
  EXPECT_EQ(ranking.candidates[0].n, 7);
}

}  // namespace
}  // namespace assay::evaluator
