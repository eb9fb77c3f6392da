// Axes of charts: a range, its ticks, and where a value lies.
#ifndef ASSAY_EVALUATOR_REPORT_AXIS_H_
#define ASSAY_EVALUATOR_REPORT_AXIS_H_

#include <vector>

namespace assay::evaluator {

// Values to positions between `from` and `to`. Immutable.
class Axis {
 public:
  // Covers the finite values with a little room; ticks at 1, 2 or 5 times a power of ten.
  // Logarithmic where all values are positive and the largest is over kLogRatio times the smallest
  // and `may_be_log`. No values: 0 to 1.
  Axis(const std::vector<double>& values, bool may_be_log);

  static constexpr double kLogRatio = 30;

  Axis Between(double from, double to) const;
  // Within the ends.
  double At(double value) const;
  const std::vector<double>& ticks() const { return ticks_; }
  bool logarithmic() const { return logarithmic_; }

 private:
  void MakeLinear();
  void MakeLogarithmic();

  double low_ = 0;
  double high_ = 1;
  double from_ = 0;
  double to_ = 1;
  bool logarithmic_ = false;
  std::vector<double> ticks_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_AXIS_H_
