// The report's charts as inline SVG, each one panel as wide as a phone. Bounded: rows and points
// over the limits are left out and the chart says so.
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
  // Colour and shape.
  int series = 0;
  // 0 = nothing measured: the row says so.
  int n = 0;
  double mean = 0;
  // Absent: a dot alone.
  std::optional<double> low;
  std::optional<double> high;
};
// A dot and its interval a row, on an axis that may be shared by several panels.
std::string IntervalChart(const std::string& title, const std::vector<IntervalRow>& rows,
                          const Axis& axis);

struct DistributionRow {
  std::string label;
  int series = 0;
  // Ascending.
  std::vector<double> values;
};
// Points (of kMaxPoints evenly spaced ranks), a box from the first to the third quartile and the
// median; median and 90th percentile in figures.
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
// Points over two axes with a legend below. Of more than kMaxPoints of a series, evenly spaced
// ones. `x_may_be_log`: Axis.
std::string PointChart(const PointChartText& text, const std::vector<PointSeries>& series,
                       bool x_may_be_log);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_CHARTS_H_
