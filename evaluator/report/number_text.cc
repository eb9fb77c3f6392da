// Implementation of number formatting.
#include "evaluator/report/number_text.h"

#include <array>
#include <cmath>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace assay::evaluator {
namespace {

constexpr double kWholeFrom = 1000;
constexpr double kExponentFrom = 1e15;
constexpr double kMinShownP = 0.0001;
constexpr double kBytesPerUnit = 1024;

}  // namespace

std::string Capitalize(std::string text) {
  if (!text.empty()) text.front() = absl::ascii_toupper(static_cast<unsigned char>(text.front()));
  return text;
}

std::string Fixed(double value, int decimals) {
  if (!std::isfinite(value)) return "-";
  if (std::fabs(value) >= kExponentFrom) return Significant(value);
  std::string text = absl::StrFormat("%.*f", decimals, value);
  // Turns "-0.00" into "0.00".
  if (text.starts_with('-') && text.find_first_of("123456789") == std::string::npos) {
    text.erase(0, 1);
  }
  return text;
}

std::string Significant(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::fabs(value);
  if (size >= kWholeFrom && size < kExponentFrom) return absl::StrFormat("%.0f", value);
  return absl::StrFormat("%.4g", value);
}

std::string Interval(std::optional<double> low, std::optional<double> high, int decimals) {
  if (!low || !high) return "-";
  return absl::StrCat(Fixed(*low, decimals), " to ", Fixed(*high, decimals));
}

std::string Interval(std::optional<double> low, std::optional<double> high) {
  if (!low || !high) return "-";
  return absl::StrCat(Significant(*low), " to ", Significant(*high));
}

std::string Percent(double fraction) {
  if (!std::isfinite(fraction)) return "-";
  return absl::StrFormat("%.1f %%", fraction * 100);
}

std::string PValue(double p) {
  if (!std::isfinite(p)) return "-";
  if (p < kMinShownP) return absl::StrCat("< ", kMinShownP);
  return absl::StrFormat("%.4f", p);
}

std::string Bytes(double bytes) {
  if (!std::isfinite(bytes)) return "-";
  constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (std::fabs(bytes) >= kBytesPerUnit && unit + 1 < kUnits.size()) {
    bytes /= kBytesPerUnit;
    ++unit;
  }
  return absl::StrFormat("%.*f %s", unit == 0 ? 0 : 2, bytes, kUnits[unit]);
}

}  // namespace assay::evaluator
