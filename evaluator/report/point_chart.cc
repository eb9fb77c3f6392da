// The chart of points over two axes.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "evaluator/report/charts.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/plain_text.h"
#include "evaluator/report/svg.h"

namespace assay::evaluator {
namespace {

constexpr double kWidth = 420;
constexpr double kLeft = 58;
constexpr double kRight = 398;
constexpr double kTop = 24;
constexpr double kYTitleBase = 14;
constexpr double kBottom = 240;
constexpr double kTickOffset = 16;
constexpr double kTitleOffset = 34;
constexpr double kLegendTop = 294;
constexpr double kLegendRow = 20;
constexpr size_t kLegendCharacters = 48;
constexpr double kFewRadius = 5;
constexpr double kManyRadius = 2.6;
constexpr size_t kFewPoints = 12;

// Returns at most kMaxPoints evenly spaced points, including the first and the last.
std::vector<std::pair<double, double>> Thin(const std::vector<std::pair<double, double>>& points) {
  if (points.size() <= kMaxPoints) return points;
  std::vector<std::pair<double, double>> thin;
  thin.reserve(kMaxPoints);
  for (size_t i = 0; i < kMaxPoints; ++i) {
    thin.push_back(points[i * (points.size() - 1) / (kMaxPoints - 1)]);
  }
  return thin;
}

void DrawAxes(const PointChartText& text, const Axis& x, const Axis& y, Svg* svg) {
  for (double tick : y.ticks()) {
    svg->Line(kLeft, y.Position(tick), kRight, y.Position(tick), "grid");
    svg->Text(kLeft - 6, y.Position(tick) + 4, "end", "axis", Significant(tick));
  }
  for (double tick : x.ticks()) {
    svg->Line(x.Position(tick), kTop, x.Position(tick), kBottom, "grid");
    svg->Text(x.Position(tick), kBottom + kTickOffset, "middle", "axis", Significant(tick));
  }
  svg->Text((kLeft + kRight) / 2, kBottom + kTitleOffset, "middle", "axis",
            x.logarithmic() ? absl::StrCat(text.x_title, ", logarithmic") : text.x_title);
  svg->Text(kLeft - 6, kYTitleBase, "start", "axis", text.y_title);
}

}  // namespace

std::string PointChart(const PointChartText& text, const std::vector<PointSeries>& series,
                       bool x_may_be_log) {
  const size_t shown = std::min(series.size(), kMaxRows);
  std::vector<double> xs;
  std::vector<double> ys;
  for (size_t i = 0; i < shown; ++i) {
    for (const auto& [x, y] : Thin(series[i].points)) {
      xs.push_back(x);
      ys.push_back(y);
    }
  }
  const size_t legend = shown + (series.size() > shown ? 1 : 0);
  Svg svg(kWidth, kLegendTop + kLegendRow * static_cast<double>(legend), text.title);
  const Axis x_axis = Axis(xs, x_may_be_log).WithPositions(kLeft + 4, kRight - 4);
  const Axis y_axis = Axis(ys, false).WithPositions(kBottom - 4, kTop + 4);
  DrawAxes(text, x_axis, y_axis, &svg);
  for (size_t i = 0; i < shown; ++i) {
    const PointSeries& one = series[i];
    svg.BeginSeries(one.series);
    const bool few = one.points.size() <= kFewPoints;
    for (const auto& [x, y] : Thin(one.points)) {
      const std::string title =
          few ? absl::StrCat(CleanLine(one.label), ": ", Significant(x), ", ", Significant(y)) : "";
      svg.Mark(one.series, x_axis.Position(x), y_axis.Position(y), few ? kFewRadius : kManyRadius,
               title);
    }
    const double row = kLegendTop + kLegendRow * static_cast<double>(i);
    svg.Mark(one.series, kLeft + 4, row, kFewRadius, "");
    svg.Text(kLeft + 18, row + 4, "start", "name",
             Shorten(CleanLine(one.label), kLegendCharacters));
    svg.End();
  }
  if (series.size() > shown) {
    svg.Text(kLeft + 18, kLegendTop + kLegendRow * static_cast<double>(shown) + 4, "start", "axis",
             absl::StrCat(series.size() - shown, " more series not shown"));
  }
  return std::move(svg).Finish();
}

}  // namespace assay::evaluator
