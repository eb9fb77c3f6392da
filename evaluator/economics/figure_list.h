// Figures that build on each other; private to the reports.
#ifndef ASSAY_EVALUATOR_ECONOMICS_FIGURE_LIST_H_
#define ASSAY_EVALUATOR_ECONOMICS_FIGURE_LIST_H_

#include <string>
#include <vector>

#include "evaluator/economics/figure.h"

namespace assay::evaluator {

class FigureList {
 public:
  // Leaves it out if its value or an input is not finite.
  void Add(Figure figure);
  // NaN where there is none, so that what builds on it is left out too.
  double operator[](const std::string& name) const;
  std::vector<Figure> Take();

 private:
  std::vector<Figure> figures_;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_FIGURE_LIST_H_
