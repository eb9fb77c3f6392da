// P-values of several tests at once.
#ifndef ASSAY_EVALUATOR_STATS_MULTIPLE_TESTS_H_
#define ASSAY_EVALUATOR_STATS_MULTIPLE_TESTS_H_

#include <span>
#include <vector>

namespace assay::evaluator {

// Adjusted p-values, in the order given: below alpha means rejected at alpha in the whole family.

// Holm (Scandinavian Journal of Statistics 6, 1979): the chance of any false rejection is at most
// alpha.
std::vector<double> HolmAdjusted(std::span<const double> p_values);

// Benjamini and Hochberg (JRSS B 57, 1995): the expected share of false rejections among the
// rejections is at most alpha.
std::vector<double> BenjaminiHochbergAdjusted(std::span<const double> p_values);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_MULTIPLE_TESTS_H_
