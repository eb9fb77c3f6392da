// The tests of one metric between candidates, which are one family for the correction of p-values.
#ifndef ASSAY_EVALUATOR_ANALYSIS_PAIRWISE_H_
#define ASSAY_EVALUATOR_ANALYSIS_PAIRWISE_H_

#include <map>
#include <span>
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
  // The p-value of the last look alone. Equals result.p_value without early stopping.
  double nominal_p = 1;
  // The number of pairs that the test needs.
  int min_pairs = kMinPairs;
  // The standard deviation of the differences of the independent units.
  double deviation = 0;
  std::vector<std::string> unpaired;
  // Set by Correct(). 1 without a test.
  double p_adjusted = 1;
  // 1 or -1 if the second candidate's mean is shown to be higher or lower than the first one's:
  // p_adjusted < alpha. Set by Correct().
  int shown = 0;
};

// Compares the two candidates at the level `alpha`. `fractions` are those of the looks so far
// (stats/group_sequential.h), empty without early stopping: the p-value is then the sequential one
// of the last look, and the interval is the repeated confidence interval (Jennison and Turnbull,
// JRSS B 51, 1989), which holds at all looks together. It contains 0 exactly if p_value >= alpha.
PairwiseTest TestPair(const std::vector<Unit>& units, std::string_view content_type,
                      const CandidateValues& values, const std::string& first,
                      const std::string& second, double alpha,
                      std::span<const double> fractions = {});

// Corrects the p-values over all tests, and sets `shown`. Comparisons without a test do not belong
// to the family. kHolm is the closed procedure ClosedAdjusted() (stats/multiple_tests.h): the test
// over all content types is the whole of a pair, and those of the content types are its parts.
// Without content types it is Holm's procedure over the pairs.
void Correct(Correction correction, double alpha, std::vector<PairwiseTest>* tests);

// Withdraws what is shown by pairs if the means over all units of either candidate differ in the
// other direction, because the units without a pair reverse it.
void KeepWithMeans(const std::vector<Unit>& units, const CandidateValues& values,
                   std::vector<PairwiseTest>* tests);

// The number of pairs and content types of a family.
struct FamilySize {
  int pairs = 0;
  // 0 if there are only tests over all content types.
  int content_types = 0;
};

// Returns the number of pairs and content types with a test.
FamilySize SizeOf(const std::vector<PairwiseTest>& tests);

// Returns the level at which the power of a test is computed. A p-value below it is shown, whatever
// the other pairs are like. For kHolm it is alpha / pairs, of which the test over all content types
// has kWholeWeight if there are types. That of one of k types is alpha / pairs / max(1, k - 1),
// which is enough if the pair is shown to differ over all types. For kBenjaminiHochberg it is alpha
// / the number of tests. 0 for an empty family.
double PowerLevel(Correction correction, double alpha, const FamilySize& family,
                  bool is_content_type);

// Returns the mean of the units of one content type (empty = all); 0 for none.
double MeanOfUnits(const std::vector<Unit>& units, std::string_view content_type,
                   const UnitValues& values);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ANALYSIS_PAIRWISE_H_
