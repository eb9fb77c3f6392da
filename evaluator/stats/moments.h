// Mean and standard deviation.
#ifndef ASSAY_EVALUATOR_STATS_MOMENTS_H_
#define ASSAY_EVALUATOR_STATS_MOMENTS_H_

#include <span>

namespace assay::evaluator {

struct Moments {
  int n = 0;
  double mean = 0;
  // The sample standard deviation (denominator n - 1). 0 with fewer than two values and where all
  // values are equal.
  double standard_deviation = 0;
};

// The largest magnitude that the statistics accept. Sums and squares of such values stay finite.
// Larger values are not measurements.
inline constexpr double kMaxMagnitude = 1e300;

// Computes mean and standard deviation. Values are scaled by a power of two internally, so that
// squares neither underflow (1e-200) nor overflow (1e200).
Moments MomentsOf(std::span<const double> values);

// Returns the largest absolute value; 0 for no values.
double MaxAbs(std::span<const double> values);

// Returns the exponent of the power of two at or below `magnitude`; 0 for 0.
int BinaryExponent(double magnitude);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_MOMENTS_H_
