// The text of a figure, and lists of figures.
#include "evaluator/economics/figure.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "evaluator/economics/figure_list.h"

namespace assay::evaluator {

std::string FigureText(const Figure& figure) {
  const std::string value =
      figure.value ? absl::StrCat(*figure.value, " ", figure.unit) : std::string("none");
  const std::string inputs =
      absl::StrJoin(figure.inputs, ", ", [](std::string* out, const auto& input) {
        absl::StrAppend(out, input.first, " = ", input.second);
      });
  return absl::StrCat(figure.name, " = ", value, " = ", figure.formula, " with ", inputs,
                      figure.basis.empty() ? "" : absl::StrCat(" [", figure.basis, "]"),
                      figure.note.empty() ? "" : absl::StrCat(" (", figure.note, ")"));
}

void FigureList::Add(Figure figure) {
  const bool sound = std::isfinite(figure.value.value_or(0)) &&
                     std::all_of(figure.inputs.begin(), figure.inputs.end(),
                                 [](const auto& input) { return std::isfinite(input.second); });
  if (!sound) return;
  if (figure.basis.empty()) figure.basis = BasisOf(figure);
  figures_.push_back(std::move(figure));
}

std::string FigureList::BasisOf(const Figure& figure) const {
  std::string basis;
  for (const Figure& before : figures_) {
    if (before.basis.empty() || !figure.inputs.contains(before.name)) continue;
    if (basis != kAssumed) basis = before.basis;
  }
  return basis;
}

double FigureList::operator[](const std::string& name) const {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const auto found = std::find_if(figures_.begin(), figures_.end(),
                                  [&name](const Figure& figure) { return figure.name == name; });
  return found == figures_.end() ? kNone : found->value.value_or(kNone);
}

std::vector<Figure> FigureList::Take() { return std::move(figures_); }

}  // namespace assay::evaluator
