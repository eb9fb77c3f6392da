// Implementation of families of tests between candidates.
#include "evaluator/analysis/pairwise.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "evaluator/stats/moments.h"
#include "evaluator/stats/multiple_tests.h"

namespace assay::evaluator {
namespace {

std::vector<double> Adjusted(Correction correction, const std::vector<double>& p_values) {
  switch (correction) {
    case Correction::kHolm:
      return HolmAdjusted(p_values);
    case Correction::kBenjaminiHochberg:
      return BenjaminiHochbergAdjusted(p_values);
    case Correction::kNone:
      break;
  }
  return p_values;
}

int SignOf(double value) { return static_cast<int>(value > 0) - static_cast<int>(value < 0); }

}  // namespace

PairwiseTest TestPair(const std::vector<Unit>& units, std::string_view content_type,
                      const CandidateValues& values, const std::string& first,
                      const std::string& second, double alpha) {
  Pairs pairs = PairUp(units, content_type, values.at(first), values.at(second));
  PairwiseTest test{.content_type = std::string(content_type),
                    .first = first,
                    .second = second,
                    .result = ComparePaired(pairs.baseline, pairs.candidate, pairs.clusters, alpha),
                    .unpaired = std::move(pairs.unpaired)};
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
  std::vector<double> p_values;
  for (const PairwiseTest& test : *tests) {
    if (!test.result.method.empty()) p_values.push_back(test.result.p_value);
  }
  const std::vector<double> adjusted = Adjusted(correction, p_values);
  size_t next = 0;
  for (PairwiseTest& test : *tests) {
    if (test.result.method.empty()) continue;
    test.p_adjusted = adjusted[next++];
    if (test.p_adjusted < alpha) test.shown = SignOf(test.result.diff);
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

double PowerLevel(Correction correction, double alpha, const std::vector<PairwiseTest>& tests) {
  const auto count = std::count_if(tests.begin(), tests.end(), [](const PairwiseTest& test) {
    return !test.result.method.empty();
  });
  if (count == 0) return 0;
  return correction == Correction::kNone ? alpha : alpha / static_cast<double>(count);
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
