// A computed number with its formula and inputs.
#ifndef ASSAY_EVALUATOR_ECONOMICS_FIGURE_H_
#define ASSAY_EVALUATOR_ECONOMICS_FIGURE_H_

#include <map>
#include <optional>
#include <string>

namespace assay::evaluator {

// A computed number that can be verified by hand. All its numbers are finite.
struct Figure {
  std::string name;
  // Absent if there is no such number ("never", "none"); `note` gives the reason.
  std::optional<double> value;
  // "USD", "USD/day", "ratio", "requests", ...
  std::string unit;
  // An arithmetic expression over the names in `inputs`, with numbers, + - * / ( ) and ceil().
  std::string formula;
  // Stated values, measured values, and figures that precede this one in its report.
  std::map<std::string, double> inputs;
  // Assumptions, or the origin of an input. May be empty.
  std::string note;
  // "observed" if the figure rests on feedback from use, "assumed" if it rests on an assumption in
  // its place. Empty: neither.
  std::string basis = {};
};

// Returns the figure as one line: "savings_usd_per_day = 0.148 USD/day = savings_usd_per_request *
// requests_per_day with requests_per_day = 1000, savings_usd_per_request = 0.000148 (note)".
std::string FigureText(const Figure& figure);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_ECONOMICS_FIGURE_H_
