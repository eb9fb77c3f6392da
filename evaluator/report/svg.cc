// Implementation of the SVG writer.
#include "evaluator/report/svg.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "evaluator/report/plain_text.h"

namespace assay::evaluator {
namespace {

std::string Coordinate(double value) {
  return absl::StrFormat("%.1f", std::isfinite(value) ? value : 0.0);
}

std::string Point(double x, double y) { return absl::StrCat(Coordinate(x), ",", Coordinate(y)); }

std::string Escaped(std::string_view text) { return EscapeHtml(CleanLine(text)); }

// Returns one of eight shapes of about the same visual weight, without attributes after the
// geometry and without the end of the tag.
std::string Shape(int series, double x, double y, double r) {
  const auto polygon = [](std::initializer_list<std::pair<double, double>> corners) {
    std::string points;
    for (const auto& [px, py] : corners) {
      absl::StrAppend(&points, points.empty() ? "" : " ", Point(px, py));
    }
    return absl::StrCat("<polygon points=\"", points, "\"");
  };
  const double wide = r * 1.25;
  const double thin = r * 0.45;
  switch (series % kSeriesStyles) {
    case 0:
      return absl::StrCat("<circle cx=\"", Coordinate(x), "\" cy=\"", Coordinate(y), "\" r=\"",
                          Coordinate(r), "\"");
    case 1:
      return polygon({{x - r, y - r}, {x + r, y - r}, {x + r, y + r}, {x - r, y + r}});
    case 2:
      return polygon({{x, y - wide}, {x + wide, y + r}, {x - wide, y + r}});
    case 3:
      return polygon({{x, y - wide}, {x + wide, y}, {x, y + wide}, {x - wide, y}});
    case 4:
      return polygon({{x, y + wide}, {x + wide, y - r}, {x - wide, y - r}});
    case 5:
      return polygon({{x - thin, y - wide},
                      {x + thin, y - wide},
                      {x + thin, y - thin},
                      {x + wide, y - thin},
                      {x + wide, y + thin},
                      {x + thin, y + thin},
                      {x + thin, y + wide},
                      {x - thin, y + wide},
                      {x - thin, y + thin},
                      {x - wide, y + thin},
                      {x - wide, y - thin},
                      {x - thin, y - thin}});
    case 6:
      // An upright hourglass; the next one is horizontal.
      return polygon({{x - r, y - wide}, {x + r, y - wide}, {x - r, y + wide}, {x + r, y + wide}});
    default:
      return polygon({{x - wide, y - r}, {x + wide, y + r}, {x + wide, y - r}, {x - wide, y + r}});
  }
}

}  // namespace

Svg::Svg(double width, double height, std::string_view label)
    : out_(absl::StrCat("<svg viewBox=\"0 0 ", Coordinate(width), " ", Coordinate(height),
                        "\" role=\"img\" aria-label=\"", Escaped(label), "\">")) {}

void Svg::Line(double x1, double y1, double x2, double y2, std::string_view css_class) {
  absl::StrAppend(&out_, "<line x1=\"", Coordinate(x1), "\" y1=\"", Coordinate(y1), "\" x2=\"",
                  Coordinate(x2), "\" y2=\"", Coordinate(y2), "\" class=\"", std::string(css_class),
                  "\"/>");
}

void Svg::Rect(double x, double y, double width, double height, std::string_view css_class) {
  absl::StrAppend(&out_, "<rect x=\"", Coordinate(x), "\" y=\"", Coordinate(y), "\" width=\"",
                  Coordinate(std::max(width, 0.0)), "\" height=\"",
                  Coordinate(std::max(height, 0.0)), "\" class=\"", std::string(css_class), "\"/>");
}

void Svg::Text(double x, double y, std::string_view anchor, std::string_view css_class,
               std::string_view text) {
  absl::StrAppend(&out_, "<text x=\"", Coordinate(x), "\" y=\"", Coordinate(y), "\" text-anchor=\"",
                  std::string(anchor), "\" class=\"", std::string(css_class), "\">", Escaped(text),
                  "</text>");
}

void Svg::Mark(int series, double x, double y, double radius, std::string_view title) {
  absl::StrAppend(&out_, Shape(series, x, y, radius), " class=\"mark\"");
  if (title.empty()) {
    out_ += "/>";
    return;
  }
  const std::string shape = Shape(series, x, y, radius);
  const std::string tag = shape.substr(1, shape.find(' ') - 1);
  absl::StrAppend(&out_, "><title>", Escaped(title), "</title></", tag, ">");
}

void Svg::BeginSeries(int series) {
  absl::StrAppend(&out_, "<g class=\"s", series % kSeriesStyles, "\">");
}

void Svg::End() { out_ += "</g>"; }

std::string Svg::Finish() && { return std::move(out_.append("</svg>")); }

}  // namespace assay::evaluator
