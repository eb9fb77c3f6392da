// Power analysis of the paired t-test: how many pairs a difference needs.
#ifndef ASSAY_EVALUATOR_STATS_POWER_H_
#define ASSAY_EVALUATOR_STATS_POWER_H_

namespace assay::evaluator {

// The conventional power of 0.8 (Cohen, 1988).
inline constexpr double kUsualPower = 0.8;

// Returns the power of the two-sided paired t-test for a standardized difference (d_z = mean /
// standard deviation of the differences). It comes from the noncentral t distribution with
// pairs - 1 degrees of freedom and noncentrality d_z sqrt(pairs) (Cohen, Statistical Power Analysis
// for the Behavioral Sciences, 1988). 0 with fewer than two pairs.
double PairedTPower(double effect, int pairs, double alpha);

// Returns the smallest number of pairs with that power; 0 if a million pairs are not enough.
int PairsNeeded(double effect, double alpha, double power);

// Returns the smallest d_z that `pairs` pairs detect with that power. 0 with fewer than two pairs
// and if a difference of a thousand standard deviations is not enough.
double DetectableEffect(int pairs, double alpha, double power);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_POWER_H_
