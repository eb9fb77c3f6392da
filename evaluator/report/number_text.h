// Formatting of numbers in reports. Numbers that are not finite become "-".
#ifndef ASSAY_EVALUATOR_REPORT_NUMBER_TEXT_H_
#define ASSAY_EVALUATOR_REPORT_NUMBER_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>

namespace assay::evaluator {

// Returns the text with its first letter, if it is ASCII, in upper case.
std::string Capitalize(std::string text);
// Formats with a fixed number of decimals: "7.80".
std::string Fixed(double value, int decimals);
// Formats with four significant digits, and as an integer from 1000 on: "0.0123", "12.34", "20310",
// "1.7e-06".
std::string Significant(double value);
// Formats both ends with Fixed: "8.1 to 8.6". Returns "-" if one is absent.
std::string Interval(std::optional<double> low, std::optional<double> high, int decimals);
// Formats both ends with Significant.
std::string Interval(std::optional<double> low, std::optional<double> high);
// Formats a fraction of 1: "97.5 %".
std::string Percent(double fraction);
// Returns "< 0.0001" or the value with four decimals.
std::string PValue(double p);
// Returns "1.25 GiB", "12.30 MiB", "512 B"; negative values keep their sign.
std::string Bytes(double bytes);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_NUMBER_TEXT_H_
