// Python's format(value, specification).
#include "engine/jinja/values/format_spec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/number_format.h"
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

using StringOr = absl::StatusOr<std::string>;

bool IsAlign(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

// Reads one of `characters` at `*at`, or returns `otherwise`.
char Accept(std::string_view spec, size_t* at, std::string_view characters, char otherwise) {
  if (*at >= spec.size() || characters.find(spec[*at]) == std::string_view::npos) return otherwise;
  return spec[(*at)++];
}

absl::StatusOr<Field> ReadField(std::string_view spec) {
  Field field;
  size_t at = 0;
  const size_t first = spec.empty() ? 0 : NextUtf8(spec).bytes;
  if (spec.size() > first && IsAlign(spec[first])) {
    field.fill = std::string(spec.substr(0, first));
    field.align = spec[first];
    at = first + 1;
  } else if (!spec.empty() && IsAlign(spec[0])) {
    field.align = spec[at++];
  }
  const bool has_fill = at > 1;
  field.sign = Accept(spec, &at, "+- ", '\0');
  field.no_negative_zero = Accept(spec, &at, "z", '\0') == 'z';
  field.alternate = Accept(spec, &at, "#", '\0') == '#';
  if (!has_fill && at < spec.size() && spec[at] == '0') {
    field.fill = "0";
    if (field.align == '\0') field.align = '0';  // The type decides what it means.
    ++at;
  }
  ASSIGN_OR_RETURN(const int width, ReadFormatNumber(spec, &at, kMaxFormatWidth));
  field.width = std::max(width, 0);
  field.grouping = Accept(spec, &at, ",_", '\0');
  if (at < spec.size() && spec[at] == '.') {
    ASSIGN_OR_RETURN(const int precision, ReadFormatNumber(spec, &++at, kMaxFormatWidth));
    if (precision < 0) return FormatError("a precision has no digits");
    field.precision = precision;
  }
  if (at < spec.size()) field.type = spec[at++];
  if (at != spec.size()) {
    return FormatError(absl::StrCat("invalid specification '", std::string(spec), "'"));
  }
  return field;
}

absl::Status CheckGrouping(const Field& field) {
  if (field.grouping == '\0') return absl::OkStatus();
  const std::string_view allowed = field.grouping == ',' ? "deEfFgG%" : "deEfFgG%boxX";
  if (field.type == '\0' || allowed.find(field.type) != std::string_view::npos) {
    return absl::OkStatus();
  }

  return FormatError(absl::StrCat("a type '", std::string(1, field.type), "' has no '",
                                  std::string(1, field.grouping), "'"));
}

StringOr WriteText(std::string text, const Field& field) {
  if (field.sign != '\0' || field.alternate || field.align == '=' || field.grouping != '\0' ||
      field.no_negative_zero) {
    return FormatError("the specification does not apply to a string");
  }
  Field plain = field;
  if (plain.align == '0') plain.align = '<';
  return PadField(TruncateField(std::move(text), plain), plain, '<');
}

StringOr WriteNumber(const Value& value, Field field) {
  const bool sign_given = field.sign != '\0';
  if (!sign_given) field.sign = '-';
  if (field.align == '0') field.align = '=';
  double real = 0;
  const bool whole = value.IsInteger();
  if (!whole) real = *value.As<double>();
  const bool as_float = absl::StrContains("eEfFgG%", field.type) && field.type != '\0';
  if (!whole || as_float) {
    if (whole) {
      ASSIGN_OR_RETURN(real, IntegerToFloat(value));
    }
    if (!as_float && field.type != '\0' && field.type != 'n') {
      return FormatError("the type does not apply to a float");
    }
    return FormatFloat(real, field);
  }
  if (field.precision.has_value()) return FormatError("an integer has no precision");
  if (field.no_negative_zero) return FormatError("an integer has no 'z'");
  if (field.type == 'c') {
    int64_t code = 0;
    if (sign_given || field.alternate) return FormatError("a character has no sign and no '#'");
    if (!AsInteger(value, &code) || code < 0 || code >= 0x110000 ||
        (code >= 0xD800 && code < 0xE000)) {
      return FormatError("an integer is not a character");
    }
    std::string text;
    AppendUtf8(static_cast<uint32_t>(code), &text);
    return PadField(std::move(text), field, '>');
  }
  if (field.type != '\0' && !absl::StrContains("dnxXob", field.type)) {
    return FormatError("the type does not apply to an integer");
  }
  return FormatInteger(value, field);
}

}  // namespace

StringOr FormatValue(const Value& value, std::string_view spec) {
  if (spec.empty()) return ToString(value);
  const bool number = value.IsInteger() || value.As<double>() != nullptr;
  if (!number && value.AsString() == nullptr) {
    return FormatError(
        absl::StrCat("a ", TypeName(value), " has no format '", std::string(spec), "'"));
  }
  ASSIGN_OR_RETURN(const Field field, ReadField(spec));
  RETURN_IF_ERROR(CheckGrouping(field));
  if (number) return WriteNumber(value, field);
  if (field.type != '\0' && field.type != 's') {
    return FormatError("the type does not apply to a string");
  }
  return WriteText(*value.AsString(), field);
}

}  // namespace assay::jinja
