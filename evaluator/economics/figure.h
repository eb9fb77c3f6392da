// A derived number with its formula and inputs.
#ifndef ASSAY_EVALUATOR_ECONOMICS_FIGURE_H_
#define ASSAY_EVALUATOR_ECONOMICS_FIGURE_H_

#include <map>
#include <optional>
#include <string>

namespace assay::evaluator {

// Can be checked by hand. Every number in it is finite.
struct Figure {
  std::string name;
  // Absent = never or not at all; `note` says which and why.
  std::optional<double> value;
  // "USD", "USD/day", "ratio", "requests", ...
  std::string unit;
  // Arithmetic over the names in `inputs`: numbers, + - * / ( ) and ceil().
  std::string formula;
  // Stated values, measured ones, and figures that stand before this one.
  std::map<std::string, double> inputs;
  // What is assumed, or where an input is from; may be empty.
  std::string note;
};

// "savings_usd_per_day = 0.148 USD/day = savings_usd_per_request * requests_per_day with
// requests_per_day = 1000, savings_usd_per_request = 0.000148 (note)".
std::string FigureText(const Figure& figure);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_FIGURE_H_
