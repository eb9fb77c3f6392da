// P-values adjusted for multiple tests.
#ifndef ASSAY_EVALUATOR_STATS_MULTIPLE_TESTS_H_
#define ASSAY_EVALUATOR_STATS_MULTIPLE_TESTS_H_

#include <optional>
#include <span>
#include <vector>

namespace assay::evaluator {

// HolmAdjusted() and BenjaminiHochbergAdjusted() return adjusted p-values in the order of
// `p_values`. An adjusted p-value below
// alpha means that the hypothesis is rejected at level alpha for the whole family.

// Holm's step-down procedure (Scandinavian Journal of Statistics 6, 1979). The probability of any
// false rejection is at most alpha.
std::vector<double> HolmAdjusted(std::span<const double> p_values);

// The step-up procedure of Benjamini and Hochberg (JRSS B 57, 1995). The expected fraction of false
// rejections among all rejections is at most alpha.
std::vector<double> BenjaminiHochbergAdjusted(std::span<const double> p_values);

// The p-values of two candidates: that of the mean over everything, and those of its parts (the
// content types).
struct PairPValues {
  // Absent if it was not tested.
  std::optional<double> whole;
  std::vector<double> parts;
  // True if every value of the whole belongs to one of `parts`. The whole then differs only if one
  // of them does.
  bool is_complete = true;
};

// The fraction of a pair's error that its whole gets while not all of its parts are shown to
// differ. The rest lets parts be found whose differences cancel out over the whole.
inline constexpr double kWholeWeight = 0.8;

// Returns the adjusted p-values of all pairs in the order of `pairs`. The probability of any false
// rejection, of wholes and parts of all pairs, is at most alpha, whatever is true and however the
// tests depend on each other. Linear in the number of tests but for sorting, and quadratic in the
// number of pairs.
//
// It is the closed procedure (Marcus, Peritz and Gabriel, Biometrika 63, 1976): a hypothesis is
// rejected if every set of hypotheses that contains it and can be true is rejected. Sets are tested
// by the weighted Bonferroni test, as in the graphical procedures of Bretz, Maurer, Brannath and
// Posch (Statistics in Medicine 28, 2009):
//   - parts only: their number times the smallest p-value. If the parts are complete and one
//     differs from 0, at most all but one are 0 (Shaffer, JASA 81, 1986); the set of all parts is
//     therefore one with the whole.
//   - the whole: its p-value.
//   - the whole and parts: the smaller one of p / kWholeWeight of the whole and the value of the
//     parts divided by 1 - kWholeWeight.
//   - several pairs: the number of pairs times the smallest value of a pair.
std::vector<PairPValues> ClosedAdjusted(std::span<const PairPValues> pairs);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_MULTIPLE_TESTS_H_
