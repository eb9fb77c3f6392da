// Ranks with ties.
#include "evaluator/analysis/ranking.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "evaluator/stats/clustered.h"
#include "evaluator/stats/moments.h"
#include "evaluator/stats/multiple_tests.h"
#include "evaluator/stats/paired.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

RankedCandidate MeanWithInterval(const std::string& name, const std::vector<Unit>& units,
                                 std::string_view content_type, const UnitValues& values) {
  std::vector<double> scores;
  std::vector<int> clusters;
  ClusterNumbers numbers;
  for (const Unit& unit : units) {
    if (!content_type.empty() && unit.content_type != content_type) continue;
    const auto value = values.values.find(unit.id);
    if (value == values.values.end()) continue;
    scores.push_back(value->second);
    clusters.push_back(numbers.Of(unit));
  }
  const ClusteredMean mean = MeanOfClusters(scores, clusters, kConfidence);
  return {.name = name,
          .n = static_cast<int>(scores.size()),
          .mean = mean.mean,
          .ci_low = mean.ci_low,
          .ci_high = mean.ci_high};
}

// Of a candidate and one with a lower mean.
struct Contest {
  int n_common = 0;
  double p_value = 1;
  // The test and the means over the common units are both for the first.
  bool first_higher = false;
};

Contest TestContest(const std::vector<Unit>& units, std::string_view content_type,
                    const UnitValues& first, const UnitValues& second) {
  const Pairs pairs = PairUp(units, content_type, first, second);
  const auto [firsts, seconds] = AverageClusters(pairs.baseline, pairs.candidate, pairs.clusters);
  const PairedTest test = TestPairs(firsts, seconds);
  const bool first_mean_higher = MomentsOf(PairedDifferences(firsts, seconds)).mean < 0;
  return {.n_common = static_cast<int>(firsts.size()),
          .p_value = test.p_value,
          .first_higher = test.direction < 0 && first_mean_higher};
}

// contests[i][k - i - 1] is of candidates i and k.
using Contests = std::vector<std::vector<Contest>>;

// Holm over the contests that were tested.
void Correct(Contests* contests) {
  std::vector<Contest*> tested;
  std::vector<double> p_values;
  for (std::vector<Contest>& row : *contests) {
    for (Contest& contest : row) {
      if (contest.n_common < kMinPairs) continue;
      tested.push_back(&contest);
      p_values.push_back(contest.p_value);
    }
  }
  const std::vector<double> adjusted = HolmAdjusted(p_values);
  for (size_t i = 0; i < tested.size(); ++i) tested[i]->p_value = adjusted[i];
}

// Groups by their best: it and all that are not told apart from it; then the best of the rest.
void GiveRanks(const Contests& contests, double alpha, std::vector<RankedCandidate>* candidates) {
  std::vector<bool> done(candidates->size(), false);
  int above = 0;
  for (size_t best = 0; best < candidates->size(); ++best) {
    if (done[best]) continue;
    const int rank = above + 1;
    (*candidates)[best].rank = rank;
    ++above;
    for (size_t i = best + 1; i < candidates->size(); ++i) {
      const Contest& contest = contests[best][i - best - 1];
      if (done[i] || (contest.p_value < alpha && contest.first_higher)) continue;
      done[i] = true;
      (*candidates)[i].rank = rank;
      (*candidates)[i].n_common = contest.n_common;
      ++above;
    }
  }
}

}  // namespace

Ranking RankCandidates(const std::vector<Unit>& units, std::string_view content_type,
                       const CandidateValues& values, double alpha) {
  Ranking ranking{.content_type = std::string(content_type)};
  std::vector<RankedCandidate>& candidates = ranking.candidates;
  for (const auto& [name, unit_values] : values) {
    RankedCandidate candidate = MeanWithInterval(name, units, content_type, unit_values);
    if (candidate.n > 0) candidates.push_back(std::move(candidate));
  }
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [](const RankedCandidate& a, const RankedCandidate& b) { return a.mean > b.mean; });

  Contests contests(candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i) {
    contests[i].reserve(candidates.size() - i - 1);
    for (size_t k = i + 1; k < candidates.size(); ++k) {
      contests[i].push_back(TestContest(units, content_type, values.at(candidates[i].name),
                                        values.at(candidates[k].name)));
    }
  }
  Correct(&contests);
  GiveRanks(contests, alpha, &candidates);
  return ranking;
}

}  // namespace assay::evaluator
