// Implementation of mean and standard deviation in two passes, which keeps precision.
#include "evaluator/stats/moments.h"

#include <algorithm>
#include <cmath>

namespace assay::evaluator {

double MaxAbs(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

int BinaryExponent(double magnitude) { return magnitude > 0 ? std::ilogb(magnitude) : 0; }

Moments MomentsOf(std::span<const double> values) {
  Moments moments;
  moments.n = static_cast<int>(values.size());
  if (values.empty()) return moments;
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  // Rounding of the mean would otherwise give equal values a deviation above 0.
  if (*min == *max) {
    moments.mean = *min;
    return moments;
  }
  const auto count = static_cast<double>(values.size());
  const int exponent = BinaryExponent(MaxAbs(values));
  double sum = 0;
  for (const double value : values) sum += std::scalbn(value, -exponent);
  const double mean = sum / count;
  double squares = 0;
  for (const double value : values) {
    const double deviation = std::scalbn(value, -exponent) - mean;
    squares += deviation * deviation;
  }
  moments.mean = std::scalbn(mean, exponent);
  moments.standard_deviation = std::scalbn(std::sqrt(squares / (count - 1)), exponent);
  return moments;
}

}  // namespace assay::evaluator
