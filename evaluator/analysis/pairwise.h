// The tests of one metric between candidates, which are one family for the correction of p-values.
#ifndef ASSAY_EVALUATOR_ANALYSIS_PAIRWISE_H_
#define ASSAY_EVALUATOR_ANALYSIS_PAIRWISE_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "evaluator/analysis/pairing.h"
#include "evaluator/records/evaluation.h"
#include "evaluator/stats/paired.h"

namespace assay::evaluator {

// Values by the candidate's name.
using CandidateValues = std::map<std::string, UnitValues>;

// The comparison of two candidates on the units that both have.
struct PairwiseTest {
  // Empty = all content types.
  std::string content_type;
  // `result` is that of second - first.
  std::string first;
  std::string second;
  PairedResult result;
  // The standard deviation of the differences of the independent units.
  double deviation = 0;
  std::vector<std::string> unpaired;
  // Set by Correct(). 1 without a test.
  double p_adjusted = 1;
  // 1 or -1 if the second candidate's mean is shown to be higher or lower than the first one's:
  // p_adjusted < alpha. Set by Correct().
  int shown = 0;
};

// Compares the two candidates at the level `alpha`.
PairwiseTest TestPair(const std::vector<Unit>& units, std::string_view content_type,
                      const CandidateValues& values, const std::string& first,
                      const std::string& second, double alpha);

// Corrects the p-values over all tests, and sets `shown`. Comparisons without a test do not belong
// to the family.
void Correct(Correction correction, double alpha, std::vector<PairwiseTest>* tests);

// Withdraws what is shown by pairs if the means over all units of either candidate differ in the
// other direction, because the units without a pair reverse it.
void KeepWithMeans(const std::vector<Unit>& units, const CandidateValues& values,
                   std::vector<PairwiseTest>* tests);

// Returns the level at which the power of a test is computed: alpha, or with a correction alpha
// divided by the number of tests. 0 if there are none.
double PowerLevel(Correction correction, double alpha, const std::vector<PairwiseTest>& tests);

// Returns the mean of the units of one content type (empty = all); 0 for none.
double MeanOfUnits(const std::vector<Unit>& units, std::string_view content_type,
                   const UnitValues& values);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_PAIRWISE_H_
