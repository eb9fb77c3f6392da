// The family of one metric's tests.
#ifndef ASSAY_EVALUATOR_ANALYSIS_FAMILY_H_
#define ASSAY_EVALUATOR_ANALYSIS_FAMILY_H_

#include <map>
#include <string>
#include <vector>

#include "evaluator/analysis/pairing.h"
#include "evaluator/analysis/pairwise.h"
#include "evaluator/records/evaluation.h"

namespace assay::evaluator {

// The fractions of the planned units at the looks so far (stats/group_sequential.h), by content
// type; "" = all. Empty without early stopping.
using LookFractions = std::map<std::string, std::vector<double>>;

// Returns each content type and then "" for all of them. A single type equals the whole and is left
// out.
std::vector<std::string> TestedGroups(const EvaluationPlan& plan);

// Collects the tests of one metric and corrects them together. Call Add() for every group, then
// Correct(), then the rest. Refers to the arguments of its constructor. Not thread-safe.
class Family {
 public:
  // `baseline` is the name of a candidate, or of none of them.
  Family(const EvaluationPlan& plan, const std::string& baseline, const LookFractions& fractions);

  // Tests every candidate against the baseline, or with `all_pairs` every two candidates.
  void Add(const std::vector<Unit>& units, const std::string& content_type,
           const CandidateValues& values, bool all_pairs);
  void Correct() { evaluator::Correct(plan_.correction, plan_.alpha, &tests_); }

  std::vector<PairwiseTest>& tests() { return tests_; }
  // PowerLevel() of one of the tests.
  double LevelOf(const PairwiseTest& test) const;
  // Returns the comparisons with the baseline.
  std::vector<Comparison> Comparisons(const std::string& metric, bool greater_is_better) const;

 private:
  const EvaluationPlan& plan_;
  const LookFractions& fractions_;
  // The baseline is first, so that it is the first of its pairs.
  std::vector<std::string> names_;
  bool has_baseline_ = false;
  std::vector<PairwiseTest> tests_;
};

// Returns the values of every candidate of the plan.
CandidateValues ValuesOfAll(const EvaluationPlan& plan, const std::vector<Sample>& samples,
                            const Metric& metric);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_FAMILY_H_
