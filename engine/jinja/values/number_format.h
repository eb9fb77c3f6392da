// Writes numbers and strings with the width, precision and type of a format.
#ifndef ASSAY_ENGINE_JINJA_VALUES_NUMBER_FORMAT_H_
#define ASSAY_ENGINE_JINJA_VALUES_NUMBER_FORMAT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

inline constexpr int kMaxFormatWidth = 100'000;
inline constexpr int kMaxFormatPrecision = 1'000;

// How one value is written.
struct Field {
  std::string fill = " ";
  char align = '\0';  // < > ^ =
  char sign = '-';
  char grouping = '\0';  // , _
  bool alternate = false;
  bool no_negative_zero = false;
  int width = 0;
  std::optional<int> precision;
  char type = '\0';
};

// Returns INVALID_ARGUMENT "format: MESSAGE".
absl::Status FormatError(std::string_view message);

// Reads the digits at `*at` and moves it past them. Returns -1 if there are none, INVALID_ARGUMENT
// beyond `limit`.
absl::StatusOr<int> ReadFormatNumber(std::string_view text, size_t* at, int limit);

// Fills `body` up to the width of the field. The fill of the alignment '=' goes after `prefix`
// bytes of the body.
std::string PadField(std::string body, const Field& field, char default_align, size_t prefix = 0);
// Returns the first characters of `text`, as many as the precision.
std::string TruncateField(std::string text, const Field& field);

// Writes the integer with the type d, n, x, X, o or b.
absl::StatusOr<std::string> FormatInteger(const Value& value, const Field& field);
// Writes the number with the type e, E, f, F, g, G, n, %, or '\0', which writes as Python's str()
// if there is no precision.
absl::StatusOr<std::string> FormatFloat(double value, const Field& field);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_NUMBER_FORMAT_H_
