// P-values adjusted for multiple tests.
#ifndef ASSAY_EVALUATOR_STATS_MULTIPLE_TESTS_H_
#define ASSAY_EVALUATOR_STATS_MULTIPLE_TESTS_H_

#include <span>
#include <vector>

namespace assay::evaluator {

// Both functions return adjusted p-values in the order of `p_values`. An adjusted p-value below
// alpha means that the hypothesis is rejected at level alpha for the whole family.

// Holm's step-down procedure (Scandinavian Journal of Statistics 6, 1979). The probability of any
// false rejection is at most alpha.
std::vector<double> HolmAdjusted(std::span<const double> p_values);

// The step-up procedure of Benjamini and Hochberg (JRSS B 57, 1995). The expected fraction of false
// rejections among all rejections is at most alpha.
std::vector<double> BenjaminiHochbergAdjusted(std::span<const double> p_values);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_MULTIPLE_TESTS_H_
