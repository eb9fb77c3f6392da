// Drawing inline SVG; colours, fonts and themes come from the page's style sheet.
#ifndef ASSAY_EVALUATOR_REPORT_SVG_H_
#define ASSAY_EVALUATOR_REPORT_SVG_H_

#include <string>
#include <string_view>

namespace assay::evaluator {

// Number of series that differ in colour and in shape; those behind begin again.
inline constexpr int kSeriesStyles = 8;

// One drawing, element by element. Texts are cleaned and escaped here; coordinates that are not
// finite are 0. Not thread-safe.
class Svg {
 public:
  // `label` is what a screen reader says of the whole.
  Svg(double width, double height, std::string_view label);

  void Line(double x1, double y1, double x2, double y2, std::string_view css_class);
  void Rect(double x, double y, double width, double height, std::string_view css_class);
  // `anchor`: "start", "middle" or "end".
  void Text(double x, double y, std::string_view anchor, std::string_view css_class,
            std::string_view text);
  // A series' own shape; `title` appears under a pointer (empty = none).
  void Mark(int series, double x, double y, double radius, std::string_view title);
  // Everything until End() belongs to a series (its colour).
  void BeginSeries(int series);
  void End();

  // The whole element. Once.
  std::string Finish() &&;

 private:
  std::string out_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_SVG_H_
