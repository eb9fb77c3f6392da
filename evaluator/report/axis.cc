// Implementation of axes.
#include "evaluator/report/axis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace assay::evaluator {
namespace {

constexpr double kTargetTicks = 5;
constexpr double kMargin = 0.04;
constexpr int kMaxTicks = 12;
// A logarithmic axis over fewer decades has ticks at 1, 2 and 5, otherwise at powers of ten only.
constexpr double kFewDecades = 2.2;

double NiceStep(double span) {
  const double rough = span / kTargetTicks;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double digit = rough / power;
  return power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
}

}  // namespace

Axis::Axis(const std::vector<double>& values, bool may_be_log) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (low <= high) {
    low_ = low;
    high_ = high;
  }
  logarithmic_ = may_be_log && low_ > 0 && high_ / low_ > kLogRatio && low <= high;
  if (logarithmic_) {
    MakeLogarithmic();
  } else {
    MakeLinear();
  }
}

void Axis::MakeLinear() {
  // Widens the range of a single value, or of values that a double cannot distinguish at this
  // scale.
  const double min_span = std::max(std::fabs(high_) * 1e-9, 1e-300);
  if (high_ - low_ < min_span) {
    const double widening = high_ == 0 ? 1 : std::fabs(high_) * 0.1;
    low_ -= widening;
    high_ += widening;
  }
  const double margin = (high_ - low_) * kMargin;
  const bool positive = low_ >= 0;
  low_ -= margin;
  high_ += margin;
  if (positive) low_ = std::max(low_, 0.0);
  const double step = NiceStep(high_ - low_);
  const double first = std::ceil(low_ / step);
  for (int i = 0; i < kMaxTicks; ++i) {
    const double tick = (first + i) * step;
    if (!std::isfinite(tick) || tick > high_) break;
    ticks_.push_back(tick);
  }
}

void Axis::MakeLogarithmic() {
  const double margin = std::pow(high_ / low_, kMargin);
  low_ /= margin;
  high_ *= margin;
  const bool few = std::log10(high_ / low_) < kFewDecades;
  const int every = std::max(1, static_cast<int>(std::log10(high_ / low_) / kMaxTicks) + 1);
  const int first = static_cast<int>(std::floor(std::log10(low_)));
  const int last = static_cast<int>(std::ceil(std::log10(high_)));
  constexpr std::array<double, 3> kDigits = {1, 2, 5};
  for (int decade = first; decade <= last; decade += every) {
    for (double digit : kDigits) {
      const double tick = digit * std::pow(10, decade);
      if (tick >= low_ && tick <= high_ && (few || digit == 1)) ticks_.push_back(tick);
    }
  }
}

Axis Axis::WithPositions(double from, double to) const {
  Axis axis = *this;
  axis.from_ = from;
  axis.to_ = to;
  return axis;
}

double Axis::Position(double value) const {
  if (!std::isfinite(value)) return from_;
  const double inside = std::clamp(value, low_, high_);
  const double fraction = logarithmic_ ? std::log(inside / low_) / std::log(high_ / low_)
                                       : (inside - low_) / (high_ - low_);
  return from_ + fraction * (to_ - from_);
}

}  // namespace assay::evaluator
