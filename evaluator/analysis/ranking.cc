// Implementation of rankings with shared ranks.
#include "evaluator/analysis/ranking.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "evaluator/stats/clustered.h"
#include "evaluator/stats/compact_letters.h"
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

// What the tests of one content type show about two candidates.
struct Relation {
  int n_common = 0;
  // 1 or -1 if the second one's mean is shown to be higher or lower.
  int shown = 0;
};
using Relations = std::map<std::pair<std::string, std::string>, Relation>;

Relations RelationsOf(std::string_view content_type, const std::vector<PairwiseTest>& tests) {
  Relations relations;
  for (const PairwiseTest& test : tests) {
    if (test.content_type != content_type) continue;
    const int n = test.result.n_paired;
    relations[{test.first, test.second}] = {.n_common = n, .shown = test.shown};
    relations[{test.second, test.first}] = {.n_common = n, .shown = -test.shown};
  }
  return relations;
}

void AssignRanks(const Relations& relations, std::vector<RankedCandidate>* candidates) {
  const auto shown_lower = [&](size_t better, size_t worse) {
    const auto at = relations.find({(*candidates)[better].name, (*candidates)[worse].name});
    return at != relations.end() && at->second.shown < 0;
  };
  // The first candidate of the current rank.
  size_t start = 0;
  for (size_t i = 1; i < candidates->size(); ++i) {
    for (size_t k = start; k < i; ++k) {
      if (!shown_lower(k, i)) continue;
      start = i;
      break;
    }
    (*candidates)[i].rank = static_cast<int>(start) + 1;
    (*candidates)[i].lower_than_first = shown_lower(0, i);
    const auto common = relations.find({candidates->front().name, (*candidates)[i].name});
    if (common != relations.end()) (*candidates)[i].n_common = common->second.n_common;
  }
}

void AssignLetters(const Relations& relations, std::vector<RankedCandidate>* candidates) {
  std::vector<std::pair<int, int>> different;
  for (size_t i = 0; i < candidates->size(); ++i) {
    for (size_t k = i + 1; k < candidates->size(); ++k) {
      const auto at = relations.find({(*candidates)[i].name, (*candidates)[k].name});
      if (at != relations.end() && at->second.shown != 0) {
        different.emplace_back(static_cast<int>(i), static_cast<int>(k));
      }
    }
  }
  const std::vector<std::string> letters =
      CompactLetters(static_cast<int>(candidates->size()), different);
  for (size_t i = 0; i < letters.size(); ++i) (*candidates)[i].letters = letters[i];
}

}  // namespace

Ranking RankCandidates(const std::vector<Unit>& units, std::string_view content_type,
                       const CandidateValues& values, const std::vector<PairwiseTest>& tests) {
  Ranking ranking{.content_type = std::string(content_type)};
  std::vector<RankedCandidate>& candidates = ranking.candidates;
  for (const auto& [name, unit_values] : values) {
    RankedCandidate candidate = MeanWithInterval(name, units, content_type, unit_values);
    if (candidate.n > 0) candidates.push_back(std::move(candidate));
  }
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [](const RankedCandidate& a, const RankedCandidate& b) { return a.mean > b.mean; });
  if (candidates.empty()) return ranking;
  const Relations relations = RelationsOf(content_type, tests);
  AssignRanks(relations, &candidates);
  AssignLetters(relations, &candidates);
  return ranking;
}

}  // namespace assay::evaluator
