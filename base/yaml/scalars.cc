// Strict conversions of a YAML scalar.
#include "base/yaml/scalars.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace assay {
namespace {

using Unit = std::pair<std::string_view, double>;

constexpr std::array<Unit, 9> kByteUnits = {{{"KiB", 1024.0},
                                             {"MiB", 1048576.0},
                                             {"GiB", 1073741824.0},
                                             {"TiB", 1099511627776.0},
                                             {"KB", 1e3},
                                             {"MB", 1e6},
                                             {"GB", 1e9},
                                             {"TB", 1e12},
                                             {"B", 1.0}}};
constexpr std::array<Unit, 4> kTimeUnits = {{{"ms", 1e-3}, {"s", 1.0}, {"m", 60.0}, {"h", 3600.0}}};
// 2^53, the largest value up to which a double represents every integer.
constexpr double kMaxBytes = 9007199254740992.0;

template <typename Units>
std::optional<double> ReadWithUnit(std::string_view text, const Units& units) {
  double factor = 1.0;
  for (const auto& [suffix, value] : units) {
    if (text.size() <= suffix.size() || !text.ends_with(suffix)) continue;
    factor = value;
    text.remove_suffix(suffix.size());
    break;
  }
  const std::optional<double> number = ReadNumber(text);
  if (!number.has_value() || *number < 0) return std::nullopt;
  return *number * factor;
}

}  // namespace

std::optional<int64_t> ReadInt(std::string_view text) {
  int64_t value = 0;
  if (text.empty() || absl::ascii_isspace(text.front()) || absl::ascii_isspace(text.back()) ||
      !absl::SimpleAtoi(std::string(text), &value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<double> ReadNumber(std::string_view text) {
  double value = 0;
  if (text.empty() || absl::ascii_isspace(text.front()) || absl::ascii_isspace(text.back()) ||
      !absl::SimpleAtod(std::string(text), &value) || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<int64_t> ReadBytes(std::string_view text) {
  const std::optional<double> bytes = ReadWithUnit(text, kByteUnits);
  if (!bytes.has_value() || *bytes > kMaxBytes) return std::nullopt;
  return static_cast<int64_t>(*bytes);
}

std::optional<double> ReadSeconds(std::string_view text) { return ReadWithUnit(text, kTimeUnits); }

}  // namespace assay
