// How many pairs a difference needs.
#ifndef ASSAY_EVALUATOR_STATS_POWER_H_
#define ASSAY_EVALUATOR_STATS_POWER_H_

namespace assay::evaluator {

inline constexpr double kUsualPower = 0.8;

// Power of the two-sided paired t-test for a standardised difference (d_z = mean / standard
// deviation of the differences): noncentral t, n - 1 degrees of freedom, noncentrality d_z sqrt(n)
// (Cohen, Statistical Power Analysis, 1988). 0 with fewer than two pairs.
double PairedTPower(double effect, int pairs, double alpha);

// The fewest pairs of that power; 0 where a million are not enough.
int PairsNeeded(double effect, double alpha, double power);

// The smallest d_z that so many pairs find with that power; 0 with fewer than two pairs, and where
// a thousand standard deviations are not enough.
double DetectableEffect(int pairs, double alpha, double power);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_POWER_H_
