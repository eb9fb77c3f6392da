// The agreement of raters beyond chance.
#ifndef ASSAY_EVALUATOR_STATS_AGREEMENT_H_
#define ASSAY_EVALUATOR_STATS_AGREEMENT_H_

#include <optional>
#include <span>
#include <vector>

namespace assay::evaluator {

// How far apart two values are: any two different ones equally (kNominal), by the number of values
// between them (kOrdinal), or by their squared difference (kInterval).
enum class ValueLevel { kNominal, kOrdinal, kInterval };

// The values that raters gave to one unit. Missing values are left out.
using UnitValues = std::vector<double>;

// Returns Krippendorff's alpha (Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011):
// 1 is perfect agreement, 0 is that of chance. Units with fewer than two values do not count.
// Absent with fewer than two other units, or if all values are equal, because agreement by chance
// is then perfect too. Takes time in proportion to the values, times the logarithm of the number of
// distinct ones.
std::optional<double> KrippendorffAlpha(std::span<const UnitValues> units, ValueLevel level);

// Returns Cohen's kappa of two raters (Educational and Psychological Measurement 20, 1960) for the
// values a[i] and b[i] of unit i. kInterval uses quadratic weights (Psychological Bulletin 70,
// 1968); kOrdinal is not supported and gives kNominal. Absent with fewer than two units, or if
// agreement by chance is perfect. `a` and `b` must have the same length.
std::optional<double> CohensKappa(std::span<const double> a, std::span<const double> b,
                                  ValueLevel level);

// Returns Spearman's rank correlation with mid-ranks. Absent with fewer than two values, or if one
// side is constant. `a` and `b` must have the same length.
std::optional<double> SpearmanCorrelation(std::span<const double> a, std::span<const double> b);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_AGREEMENT_H_
