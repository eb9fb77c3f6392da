// Numbers as reports print them. "-" for what is not finite.
#ifndef ASSAY_EVALUATOR_REPORT_NUMBER_TEXT_H_
#define ASSAY_EVALUATOR_REPORT_NUMBER_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>

namespace assay::evaluator {

// "7.80".
std::string Fixed(double value, int decimals);
// Four significant digits, whole from 1000 on: "0.0123", "12.34", "20310", "1.7e-06".
std::string Significant(double value);
// "8.1 to 8.6", both Fixed; "-" where one is absent.
std::string Interval(std::optional<double> low, std::optional<double> high, int decimals);
// Both Significant.
std::string Interval(std::optional<double> low, std::optional<double> high);
// "97.5 %".
std::string Percent(double share);
// "< 0.0001", else four decimals.
std::string PValue(double p);
// "1.25 GiB", "12.3 MiB", "512 B"; a sign where negative.
std::string Bytes(double bytes);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_NUMBER_TEXT_H_
