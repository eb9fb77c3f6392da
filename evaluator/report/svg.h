// A writer of inline SVG. Colors, fonts and themes come from the page's style sheet.
#ifndef ASSAY_EVALUATOR_REPORT_SVG_H_
#define ASSAY_EVALUATOR_REPORT_SVG_H_

#include <string>
#include <string_view>

namespace assay::evaluator {

// The number of series with different colors and shapes; further series repeat them.
inline constexpr int kSeriesStyles = 8;

// Writes one drawing element by element. Texts are cleaned and escaped. Coordinates that are not
// finite become 0. Not thread-safe.
class Svg {
 public:
  // `label` describes the drawing to screen readers.
  Svg(double width, double height, std::string_view label);

  void Line(double x1, double y1, double x2, double y2, std::string_view css_class);
  void Rect(double x, double y, double width, double height, std::string_view css_class);
  // `anchor` is "start", "middle" or "end".
  void Text(double x, double y, std::string_view anchor, std::string_view css_class,
            std::string_view text);
  // Draws the series' shape. `title` is shown as a tooltip (empty = none).
  void Mark(int series, double x, double y, double radius, std::string_view title);
  // All elements until End() get the color of the series.
  void BeginSeries(int series);
  void End();

  // Returns the complete element. Must be called at most once.
  std::string Finish() &&;

 private:
  std::string out_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_SVG_H_
