// Implementation of rankings with shared ranks.
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
  ClusterNumbering numbering;
  for (const Unit& unit : units) {
    if (!content_type.empty() && unit.content_type != content_type) continue;
    const auto value = values.values.find(unit.id);
    if (value == values.values.end()) continue;
    scores.push_back(value->second);
    clusters.push_back(numbering.NumberOf(unit));
  }
  const ClusteredMean mean = MeanOfClusters(scores, clusters, kConfidence, kScoreBounds);
  return {.name = name,
          .n = static_cast<int>(scores.size()),
          .mean = mean.mean,
          .ci_low = mean.ci_low,
          .ci_high = mean.ci_high,
          .clusters = mean.clusters};
}

// The test of a candidate against one with a lower mean.
struct PairwiseTest {
  int n_common = 0;
  double p_value = 1;
  // True if both the test and the means over the common units favor the first.
  bool first_higher = false;
};

PairwiseTest RunPairwiseTest(const std::vector<Unit>& units, std::string_view content_type,
                             const UnitValues& first, const UnitValues& second) {
  const Pairs pairs = PairUp(units, content_type, first, second);
  const auto [firsts, seconds] = AverageClusters(pairs.baseline, pairs.candidate, pairs.clusters);
  const PairedTest test = TestPairs(firsts, seconds);
  const bool first_mean_higher = MomentsOf(PairedDifferences(firsts, seconds)).mean < 0;
  return {.n_common = static_cast<int>(firsts.size()),
          .p_value = test.p_value,
          .first_higher = test.direction < 0 && first_mean_higher};
}

// tests[i][k - i - 1] tests candidates i and k.
using PairwiseTests = std::vector<std::vector<PairwiseTest>>;

// Applies Holm's correction over the tests with enough pairs.
void CorrectPValues(PairwiseTests* tests) {
  std::vector<PairwiseTest*> tested;
  std::vector<double> p_values;
  for (std::vector<PairwiseTest>& row : *tests) {
    for (PairwiseTest& test : row) {
      if (test.n_common < kMinPairs) continue;
      tested.push_back(&test);
      p_values.push_back(test.p_value);
    }
  }
  const std::vector<double> adjusted = HolmAdjusted(p_values);
  for (size_t i = 0; i < tested.size(); ++i) tested[i]->p_value = adjusted[i];
}

// Assigns rank by rank: the best remaining candidate and all that no test distinguishes from it
// share one.
void AssignRanks(const PairwiseTests& tests, double alpha,
                 std::vector<RankedCandidate>* candidates) {
  std::vector<bool> ranked(candidates->size(), false);
  int above = 0;
  for (size_t best = 0; best < candidates->size(); ++best) {
    if (ranked[best]) continue;
    const int rank = above + 1;
    (*candidates)[best].rank = rank;
    ++above;
    for (size_t i = best + 1; i < candidates->size(); ++i) {
      const PairwiseTest& test = tests[best][i - best - 1];
      if (ranked[i] || (test.p_value < alpha && test.first_higher)) continue;
      ranked[i] = true;
      (*candidates)[i].rank = rank;
      (*candidates)[i].n_common = test.n_common;
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

  PairwiseTests tests(candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i) {
    tests[i].reserve(candidates.size() - i - 1);
    for (size_t k = i + 1; k < candidates.size(); ++k) {
      tests[i].push_back(RunPairwiseTest(units, content_type, values.at(candidates[i].name),
                                         values.at(candidates[k].name)));
    }
  }
  CorrectPValues(&tests);
  AssignRanks(tests, alpha, &candidates);
  return ranking;
}

}  // namespace assay::evaluator
