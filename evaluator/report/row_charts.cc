// Charts with one row per candidate. The label is above its marks, so that long names fit a phone
// screen.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "evaluator/report/charts.h"
#include "evaluator/report/number_text.h"
#include "evaluator/report/plain_text.h"
#include "evaluator/report/sections.h"
#include "evaluator/report/svg.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

constexpr double kWidth = 420;
constexpr double kEdge = 10;
constexpr double kTop = 6;
constexpr double kRowHeight = 40;
constexpr double kLabelBase = 13;
constexpr double kMarkBase = 26;
constexpr double kAxisHeight = 24;
constexpr double kMarkRadius = 4.5;
constexpr double kDotRadius = 1.7;
constexpr double kBoxHalf = 7;
constexpr double kCapHalf = 4;
constexpr size_t kLabelCharacters = 30;
constexpr double kFirstQuartile = 0.25;
constexpr double kMedian = 0.5;
constexpr double kThirdQuartile = 0.75;
constexpr double kNinetieth = 0.9;
// The fraction of the golden ratio: it spreads neighbors deterministically.
constexpr double kSpread = 0.6180339887498949;

// A drawing of rows with an axis below.
class RowPanel {
 public:
  RowPanel(const std::string& title, size_t rows, const Axis& axis)
      : shown_(std::min(rows, kMaxRows)),
        hidden_(rows - shown_),
        bottom_(kTop + kRowHeight * static_cast<double>(shown_ + (hidden_ > 0 ? 1 : 0))),
        axis_(axis.WithPositions(kEdge + 8, kWidth - kEdge - 8)),
        svg_(kWidth, bottom_ + kAxisHeight, title) {
    for (double tick : axis_.ticks()) {
      svg_.Line(axis_.Position(tick), kTop, axis_.Position(tick), bottom_, "grid");
      svg_.Text(axis_.Position(tick), bottom_ + 16, "middle", "axis", Significant(tick));
    }
    if (hidden_ > 0) {
      svg_.Text(kEdge, bottom_ - kMarkBase, "start", "axis", absl::StrCat(hidden_, " more rows"));
    }
  }

  size_t shown() const { return shown_; }
  Svg& svg() { return svg_; }
  double X(double value) const { return axis_.Position(value); }
  static double Y(size_t row) { return kTop + kRowHeight * static_cast<double>(row) + kMarkBase; }

  void Label(size_t row, const std::string& label, const std::string& value) {
    const double y = Y(row) - kMarkBase + kLabelBase;
    svg_.Text(kEdge, y, "start", "name", Shorten(CleanLine(label), kLabelCharacters));
    svg_.Text(kWidth - kEdge, y, "end", "value", value);
  }

  std::string Finish() && { return std::move(svg_).Finish(); }

 private:
  const size_t shown_;
  const size_t hidden_;
  const double bottom_;
  const Axis axis_;
  Svg svg_;
};

// Returns the smallest and the largest value of each row.
std::vector<double> EndsOf(const std::vector<DistributionRow>& rows) {
  std::vector<double> ends;
  for (const DistributionRow& row : rows) {
    if (row.values.empty()) continue;
    ends.push_back(row.values.front());
    ends.push_back(row.values.back());
  }
  return ends;
}

void DrawDots(const DistributionRow& row, double y, RowPanel* panel) {
  const size_t dots = std::min(row.values.size(), kMaxPoints);
  for (size_t i = 0; i < dots; ++i) {
    const size_t rank = dots < 2 ? 0 : i * (row.values.size() - 1) / (dots - 1);
    const double offset = std::fmod(static_cast<double>(i) * kSpread, 1.0);
    panel->svg().Mark(0, panel->X(row.values[rank]), y + (offset * 2 - 1) * kBoxHalf * 0.8,
                      kDotRadius, "");
  }
}

}  // namespace

std::string ValueText(const IntervalRow& row) {
  const std::string mean = Fixed(row.mean, 2);
  if (!row.too_few.empty()) return absl::StrCat(mean, " ", kTooFewMark);
  if (!row.low || !row.high) return mean;
  return absl::StrCat(mean, " (", Interval(row.low, row.high, 2), ")");
}

std::string IntervalChart(const std::string& title, const std::vector<IntervalRow>& rows,
                          const Axis& axis) {
  RowPanel panel(title, rows.size(), axis);
  for (size_t i = 0; i < panel.shown(); ++i) {
    const IntervalRow& row = rows[i];
    if (row.n == 0) {
      panel.Label(i, row.label, "no data");
      continue;
    }
    const bool has_interval = row.low.has_value() && row.high.has_value();
    const std::string value = ValueText(row);
    panel.Label(i, row.label, value);
    const double y = RowPanel::Y(i);
    panel.svg().BeginSeries(row.series);
    if (has_interval) {
      const double low = panel.X(*row.low);
      const double high = panel.X(*row.high);
      panel.svg().Line(low, y, high, y, "whisker");
      panel.svg().Line(low, y - kCapHalf, low, y + kCapHalf, "whisker");
      panel.svg().Line(high, y - kCapHalf, high, y + kCapHalf, "whisker");
    }
    panel.svg().Mark(row.series, panel.X(row.mean), y, kMarkRadius,
                     absl::StrCat(CleanLine(row.label), ": ", value, ", n = ", row.n));
    panel.svg().End();
  }
  return std::move(panel).Finish();
}

std::string DistributionChart(const std::string& title, const std::vector<DistributionRow>& rows) {
  RowPanel panel(title, rows.size(), Axis(EndsOf(rows), true));
  for (size_t i = 0; i < panel.shown(); ++i) {
    const DistributionRow& row = rows[i];
    if (row.values.empty()) {
      panel.Label(i, row.label, "no data");
      continue;
    }
    const double median = Quantile(row.values, kMedian);
    panel.Label(i, row.label,
                absl::StrCat("p50 ", Significant(median), " \xC2\xB7 p90 ",
                             Significant(Quantile(row.values, kNinetieth))));
    const double y = RowPanel::Y(i);
    const double left = panel.X(Quantile(row.values, kFirstQuartile));
    const double right = panel.X(Quantile(row.values, kThirdQuartile));
    panel.svg().BeginSeries(row.series);
    panel.svg().Line(panel.X(row.values.front()), y, panel.X(row.values.back()), y, "thread");
    panel.svg().Rect(left, y - kBoxHalf, right - left, 2 * kBoxHalf, "box");
    DrawDots(row, y, &panel);
    panel.svg().Line(panel.X(median), y - kBoxHalf - 1, panel.X(median), y + kBoxHalf + 1,
                     "median");
    panel.svg().End();
  }
  return std::move(panel).Finish();
}

}  // namespace assay::evaluator
