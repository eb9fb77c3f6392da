// The report's charts as inline SVG, each as wide as a phone screen. The size is bounded: rows and
// points over the limits are left out, and the chart says so.
#ifndef ASSAY_EVALUATOR_REPORT_CHARTS_H_
#define ASSAY_EVALUATOR_REPORT_CHARTS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evaluator/report/axis.h"

namespace assay::evaluator {

inline constexpr size_t kMaxRows = 24;
inline constexpr size_t kMaxPoints = 120;

struct IntervalRow {
  std::string label;
  // Selects color and shape.
  int series = 0;
  // The number of values; 0 = no data, which the row states.
  int n = 0;
  double mean = 0;
  // If absent, only a dot is drawn.
  std::optional<double> low;
  std::optional<double> high;
  // Why there is no interval, in words. Empty: there is one, or nothing is known about it.
  std::string too_few;
};
// Returns the mean with its interval, or with kTooFewMark in its place. n must not be 0.
std::string ValueText(const IntervalRow& row);
// Draws a dot with its interval per row. Several panels may share the axis.
std::string IntervalChart(const std::string& title, const std::vector<IntervalRow>& rows,
                          const Axis& axis);

struct DistributionRow {
  std::string label;
  int series = 0;
  // In ascending order.
  std::vector<double> values;
};
// Draws points (at most kMaxPoints, evenly spaced by rank), a box from the first to the third
// quartile, and the median. Median and 90th percentile are also printed.
std::string DistributionChart(const std::string& title, const std::vector<DistributionRow>& rows);

struct PointSeries {
  std::string label;
  int series = 0;
  std::vector<std::pair<double, double>> points;
};
struct PointChartText {
  std::string title;
  std::string x_title;
  std::string y_title;
};
// Draws points over two axes with a legend below. A series with more than kMaxPoints points is
// thinned evenly. `x_may_be_log` is passed to the x axis (axis.h).
std::string PointChart(const PointChartText& text, const std::vector<PointSeries>& series,
                       bool x_may_be_log);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_CHARTS_H_
