// A list of figures that depend on each other. Private to the reports.
#ifndef ASSAY_EVALUATOR_ECONOMICS_FIGURE_LIST_H_
#define ASSAY_EVALUATOR_ECONOMICS_FIGURE_LIST_H_

#include <string>
#include <vector>

#include "evaluator/economics/figure.h"

namespace assay::evaluator {

// Values of Figure::basis.
inline constexpr char kAssumed[] = "assumed";
inline constexpr char kObserved[] = "observed";

// Collects the figures of a report in order. Not thread-safe.
class FigureList {
 public:
  // Appends the figure, unless its value or an input is not finite. A figure without a basis gets
  // that of its inputs; "assumed" prevails.
  void Add(Figure figure);
  // Returns the value of a figure added before. Returns NaN if there is none, so that figures that
  // depend on it are left out too.
  double operator[](const std::string& name) const;
  // Moves the figures out of the list.
  std::vector<Figure> Take();

 private:
  std::string BasisOf(const Figure& figure) const;

  std::vector<Figure> figures_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_FIGURE_LIST_H_
