// Tests that are looked at several times while data arrive: error spending.
#ifndef ASSAY_EVALUATOR_STATS_GROUP_SEQUENTIAL_H_
#define ASSAY_EVALUATOR_STATS_GROUP_SEQUENTIAL_H_

#include <span>
#include <vector>

namespace assay::evaluator {

// In all functions below, `fractions` are the fractions of the planned data (the information) at
// the looks so far: above 0, at most 1, and rising by at least kMinFractionStep. The z statistics
// of the looks are those of a Brownian motion, which holds for tests of means (Lan and Zucker,
// Statistics in Medicine 12, 1993). A p-value of one look counts as z = the normal quantile of
// 1 - p / 2. All functions are pure.

inline constexpr double kMinFractionStep = 0.002;
// The largest two-sided level of the spending functions.
inline constexpr double kMaxSpendingLevel = 0.5;

// Returns the error that a two-sided test of level `alpha` has spent at `fraction`, by the spending
// function of Lan and DeMets (Biometrika 70, 1983) that resembles the bounds of O'Brien and
// Fleming: 2 (2 - 2 Phi(z / sqrt(fraction))), where z is the normal quantile of 1 - alpha / 4. Each
// side spends half of it.
double SpentError(double alpha, double fraction);

// Returns the bounds of |z| at the looks with which a two-sided test has rejected by chance with
// probability spent[i] up to look i. Computed by recursive numerical integration (Armitage,
// McPherson and Rowe, JRSS A 132, 1969) with an error below 1e-6. Bounds above 8 are infinite.
// Takes about 0.1 ms per look.
std::vector<double> SpendingBounds(std::span<const double> fractions,
                                   std::span<const double> spent);

// Returns the two-sided level of the last look with SpentError(): a p-value below it rejects at the
// level `alpha` for all looks together. It is `alpha` for the single look {1}.
double NominalLevel(std::span<const double> fractions, double alpha);

// Returns the sequential p-value of the last look: the smallest level, up to kMaxSpendingLevel, of
// which the p-value `nominal` reaches NominalLevel() (Liu and Anderson, JASA 103, 2008, for the
// last look alone). It is below any such level with at most that probability, whatever made this
// look the last one. Larger values only keep the order. Never below `nominal`. Takes some
// milliseconds.
double SequentialPValue(std::span<const double> fractions, double nominal);

// Returns the probability that the test rejects at the planned end, if the difference is the one
// observed at the last look, which had the p-value `nominal` (Lan and Wittes, Biometrics 44, 1988).
// `alpha` is the level for all looks together; `remaining` are the fractions of the looks still to
// come, the last of which is 1.
double ConditionalPower(std::span<const double> fractions, std::span<const double> remaining,
                        double nominal, double alpha);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_GROUP_SEQUENTIAL_H_
