// Implementation of families of tests between candidates.
#include "evaluator/analysis/pairwise.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include "evaluator/stats/group_sequential.h"
#include "evaluator/stats/moments.h"
#include "evaluator/stats/multiple_tests.h"

namespace assay::evaluator {
namespace {

// A test and the pair that it belongs to.
using PairName = std::pair<std::string, std::string>;

PairName PairOf(const PairwiseTest& test) { return {test.first, test.second}; }
bool IsTested(const PairwiseTest& test) { return !test.result.method.empty(); }

void AdjustClosed(std::vector<PairwiseTest>* tests) {
  std::map<PairName, size_t> positions;
  std::vector<PairPValues> pairs;
  for (const PairwiseTest& test : *tests) {
    const auto [at, added] = positions.try_emplace(PairOf(test), pairs.size());
    if (added) pairs.emplace_back();
    PairPValues& pair = pairs[at->second];
    if (!IsTested(test)) {
      pair.is_complete = pair.is_complete && test.content_type.empty();
    } else if (test.content_type.empty()) {
      pair.whole = test.result.p_value;
    } else {
      pair.parts.push_back(test.result.p_value);
    }
  }
  const std::vector<PairPValues> adjusted = ClosedAdjusted(pairs);
  std::vector<size_t> next(pairs.size(), 0);
  for (PairwiseTest& test : *tests) {
    if (!IsTested(test)) continue;
    const size_t pair = positions.at(PairOf(test));
    test.p_adjusted = test.content_type.empty() ? adjusted[pair].whole.value_or(1)
                                                : adjusted[pair].parts[next[pair]++];
  }
}

void AdjustAll(Correction correction, std::vector<PairwiseTest>* tests) {
  std::vector<double> p_values;
  for (const PairwiseTest& test : *tests) {
    if (IsTested(test)) p_values.push_back(test.result.p_value);
  }
  if (correction == Correction::kBenjaminiHochberg) p_values = BenjaminiHochbergAdjusted(p_values);
  size_t next = 0;
  for (PairwiseTest& test : *tests) {
    if (IsTested(test)) test.p_adjusted = p_values[next++];
  }
}

int SignOf(double value) { return static_cast<int>(value > 0) - static_cast<int>(value < 0); }

}  // namespace

PairwiseTest TestPair(const std::vector<Unit>& units, std::string_view content_type,
                      const CandidateValues& values, const std::string& first,
                      const std::string& second, double alpha, std::span<const double> fractions) {
  Pairs pairs = PairUp(units, content_type, values.at(first), values.at(second));
  const double level = fractions.empty() ? alpha : NominalLevel(fractions, alpha);
  PairwiseTest test{.content_type = std::string(content_type),
                    .first = first,
                    .second = second,
                    .result = ComparePaired(pairs.baseline, pairs.candidate, pairs.clusters, level),
                    .min_pairs = MinPairs(level),
                    .unpaired = std::move(pairs.unpaired)};
  test.nominal_p = test.result.p_value;
  if (!fractions.empty() && IsTested(test)) {
    test.result.p_value = SequentialPValue(fractions, test.nominal_p);
  }
  // The effect size is the difference divided by the deviation.
  if (test.result.effect_size != 0) {
    test.deviation = test.result.diff / test.result.effect_size;
  } else {
    test.deviation =
        MomentsOf(PairedDifferences(pairs.baseline, pairs.candidate)).standard_deviation;
  }
  return test;
}

void Correct(Correction correction, double alpha, std::vector<PairwiseTest>* tests) {
  if (correction == Correction::kHolm) {
    AdjustClosed(tests);
  } else {
    AdjustAll(correction, tests);
  }
  for (PairwiseTest& test : *tests) {
    if (IsTested(test) && test.p_adjusted < alpha) test.shown = SignOf(test.result.diff);
  }
}

void KeepWithMeans(const std::vector<Unit>& units, const CandidateValues& values,
                   std::vector<PairwiseTest>* tests) {
  for (PairwiseTest& test : *tests) {
    if (test.shown == 0 || test.unpaired.empty()) continue;
    const double difference = MeanOfUnits(units, test.content_type, values.at(test.second)) -
                              MeanOfUnits(units, test.content_type, values.at(test.first));
    if (SignOf(difference) != test.shown) test.shown = 0;
  }
}

FamilySize SizeOf(const std::vector<PairwiseTest>& tests) {
  std::set<PairName> pairs;
  std::set<std::string_view> types;
  for (const PairwiseTest& test : tests) {
    if (!IsTested(test)) continue;
    pairs.insert(PairOf(test));
    if (!test.content_type.empty()) types.insert(test.content_type);
  }
  return {.pairs = static_cast<int>(pairs.size()), .content_types = static_cast<int>(types.size())};
}

double PowerLevel(Correction correction, double alpha, const FamilySize& family,
                  bool is_content_type) {
  if (family.pairs == 0) return 0;
  switch (correction) {
    case Correction::kNone:
      return alpha;
    case Correction::kBenjaminiHochberg:
      return alpha / (family.pairs * (family.content_types + 1));
    case Correction::kHolm:
      break;
  }
  const double of_pair = alpha / family.pairs;
  if (is_content_type) return of_pair / std::max(1, family.content_types - 1);
  return family.content_types == 0 ? of_pair : of_pair * kWholeWeight;
}

double MeanOfUnits(const std::vector<Unit>& units, std::string_view content_type,
                   const UnitValues& values) {
  double sum = 0;
  int n = 0;
  for (const Unit& unit : units) {
    if (!content_type.empty() && unit.content_type != content_type) continue;
    const auto value = values.values.find(unit.id);
    if (value == values.values.end()) continue;
    sum += value->second;
    ++n;
  }
  return n == 0 ? 0 : sum / n;
}

}  // namespace assay::evaluator
