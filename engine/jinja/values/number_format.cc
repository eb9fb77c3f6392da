// Writes numbers and strings with the width, precision and type of a format.
#include "engine/jinja/values/number_format.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/strings.h"
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

constexpr int kDefaultPrecision = 6;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsHexDigit(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }

std::string Repeat(std::string_view part, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += part;
  return out;
}

// Groups the first `digits` characters of `text`, with zeros before them until they have `width`
// characters.
std::string Group(const std::string& text, size_t digits, char separator, size_t group,
                  size_t width) {
  std::string reversed;
  size_t in_group = 0;
  for (size_t i = digits; i > 0 || reversed.size() < width;) {
    if (in_group == group) {
      // A separator is never the first character, even if the width is exceeded.
      reversed += separator;
      in_group = 0;
    }
    reversed += i > 0 ? text[--i] : '0';
    ++in_group;
  }
  std::reverse(reversed.begin(), reversed.end());
  return reversed + text.substr(digits);
}

// Joins sign, prefix and digits, and fills the field.
std::string Assemble(bool negative, const std::string& prefix, std::string digits, size_t group,
                     const Field& field) {
  std::string head = negative ? "-" : (field.sign == '-' ? "" : std::string(1, field.sign));
  head += prefix;
  if (field.grouping != '\0') {
    const bool zeros = field.fill == "0" && field.align == '=';
    size_t whole = 0;
    while (whole < digits.size() &&
           (group == 4 ? IsHexDigit(digits[whole]) : IsDigit(digits[whole]))) {
      ++whole;
    }
    const size_t used = head.size() + digits.size() - whole;
    const auto width = static_cast<size_t>(field.width);
    digits = Group(digits, whole, field.grouping, group,
                   zeros && width > used && whole > 0 ? width - used : 0);
  }
  const size_t after = head.size();
  return PadField(head + digits, field, '>', after);
}

// printf's text of a number that is not negative.
std::string Print(double size, char type, int precision, bool alternate) {
  const std::string format = absl::StrCat(alternate ? "%#" : "%", ".*", std::string(1, type));
  const int length = std::snprintf(nullptr, 0, format.c_str(), precision, size);
  std::string text(static_cast<size_t>(length) + 1, '\0');
  std::snprintf(text.data(), text.size(), format.c_str(), precision, size);
  text.pop_back();
  return text;
}

// Python's float format without a type: as `g`, with at least one digit after the point.
std::string PrintPlain(double size, const Field& field) {
  if (!field.precision.has_value()) {
    std::string text = ReprOfFloat(size);
    return text;
  }
  const int precision = std::max(*field.precision, 1);
  std::string text = Print(size, 'g', precision, field.alternate);
  const bool exponent = text.find('e') != std::string::npos;
  if (exponent || field.alternate) return text;
  // Unlike %g, Python uses the exponent also where no digit would follow the point.
  const double limit = std::pow(10.0, precision - 1);
  if (size >= limit && text.find('.') == std::string::npos && size != 0) {
    std::string scientific = Print(size, 'e', precision - 1, false);
    const size_t at = scientific.find('e');
    std::string mantissa = scientific.substr(0, at);
    if (mantissa.find('.') != std::string::npos) {
      mantissa.erase(mantissa.find_last_not_of('0') + 1);
      if (mantissa.ends_with('.')) mantissa.pop_back();
    }
    return mantissa + scientific.substr(at);
  }
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

}  // namespace

absl::Status FormatError(std::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat("format: ", std::string(message)));
}

absl::StatusOr<int> ReadFormatNumber(std::string_view text, size_t* at, int limit) {
  int number = -1;
  while (*at < text.size() && IsDigit(text[*at])) {
    number = std::max(number, 0) * 10 + (text[(*at)++] - '0');
    if (number > limit) {
      return FormatError(absl::StrCat("a width or precision is larger than ", limit));
    }
  }
  return number;
}

std::string PadField(std::string body, const Field& field, char default_align, size_t prefix) {
  const auto characters = static_cast<size_t>(CountCharacters(body));
  const auto width = static_cast<size_t>(field.width);
  if (characters >= width) return body;
  const size_t missing = width - characters;
  const char align = field.align == '\0' ? default_align : field.align;
  if (align == '<') return body + Repeat(field.fill, missing);
  if (align == '^') {
    return Repeat(field.fill, missing / 2) + body + Repeat(field.fill, missing - missing / 2);
  }
  body.insert(align == '=' ? prefix : 0, Repeat(field.fill, missing));
  return body;
}

std::string TruncateField(std::string text, const Field& field) {
  if (!field.precision.has_value()) return text;
  const std::vector<size_t> offsets = CharacterOffsets(text);
  const auto kept = static_cast<size_t>(*field.precision);
  if (kept + 1 < offsets.size()) text.resize(offsets[kept]);
  return text;
}

absl::StatusOr<std::string> FormatInteger(const Value& value, const Field& field) {
  const char type = absl::ascii_tolower(static_cast<unsigned char>(field.type));
  const unsigned base = type == 'x' ? 16 : (type == 'o' ? 8 : (type == 'b' ? 2 : 10));
  ASSIGN_OR_RETURN(std::string digits, IntegerDigits(value, base));
  // The precision of %d is a number of digits.
  if (field.precision.has_value()) {
    const auto least = static_cast<size_t>(*field.precision);
    if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
  }
  std::string prefix = field.alternate && base != 10 ? std::string("0") + type : "";
  if (field.type == 'X') {
    digits = absl::AsciiStrToUpper(digits);
    prefix = absl::AsciiStrToUpper(prefix);
  }
  return Assemble(IsNegative(value), prefix, std::move(digits), base == 10 ? 3 : 4, field);
}

absl::StatusOr<std::string> FormatFloat(double value, const Field& field) {
  const int precision = field.precision.value_or(kDefaultPrecision);
  if (precision > kMaxFormatPrecision) {
    return FormatError(absl::StrCat("a precision is larger than ", kMaxFormatPrecision));
  }
  char type = field.type == 'n' ? 'g' : field.type;
  if (type == '%') value *= 100;
  const double size = std::fabs(value);
  const bool upper = absl::ascii_isupper(static_cast<unsigned char>(type));
  std::string digits;
  if (!std::isfinite(size)) {
    digits = std::isnan(size) ? "nan" : "inf";
    if (upper) digits = absl::AsciiStrToUpper(digits);
  } else if (type == '\0') {
    digits = PrintPlain(size, field);
  } else {
    digits = Print(size, type == '%' ? 'f' : type, precision, field.alternate);
  }
  if (type == '%') digits += '%';
  bool negative = std::signbit(value) && !std::isnan(value);
  if (field.no_negative_zero && digits.find_first_of("123456789") == std::string::npos &&
      std::isfinite(size)) {
    negative = false;
  }
  return Assemble(negative, "", std::move(digits), 3, field);
}

}  // namespace assay::jinja
