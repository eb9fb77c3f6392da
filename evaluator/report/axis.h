// Chart axes: the range, the ticks and the position of a value.
#ifndef ASSAY_EVALUATOR_REPORT_AXIS_H_
#define ASSAY_EVALUATOR_REPORT_AXIS_H_

#include <vector>

namespace assay::evaluator {

// Maps values to positions. Immutable.
class Axis {
 public:
  // Covers the finite values with a small margin, or 0 to 1 if there are none. Ticks are at 1, 2 or
  // 5 times a power of ten. The axis is logarithmic if `may_be_log` is true, all values are
  // positive and the largest is more than kLogRatio times the smallest.
  Axis(const std::vector<double>& values, bool may_be_log);

  static constexpr double kLogRatio = 30;

  // Returns the same axis between the positions `from` and `to`, which may be in reverse order.
  Axis WithPositions(double from, double to) const;
  // Returns the position of a value, clamped to the ends.
  double Position(double value) const;
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
