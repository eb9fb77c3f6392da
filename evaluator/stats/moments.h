// Mean and standard deviation.
#ifndef ASSAY_EVALUATOR_STATS_MOMENTS_H_
#define ASSAY_EVALUATOR_STATS_MOMENTS_H_

#include <span>

namespace assay::evaluator {

struct Moments {
  int n = 0;
  double mean = 0;
  // With n - 1; 0 with fewer than two values, and where all are equal.
  double standard_deviation = 0;
};

// Largest magnitude that the statistics take: their sums and squares stay finite. Values beyond it
// are no measurements.
inline constexpr double kLargestValue = 1e300;

// Scaled inside by a power of two, so that neither squares of 1e-200 vanish nor those of 1e200
// overflow.
Moments MomentsOf(std::span<const double> values);

double LargestMagnitude(std::span<const double> values);

// The power of two at or below a magnitude, as an exponent; 0 for 0.
int ExponentOf(double magnitude);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STATS_MOMENTS_H_
