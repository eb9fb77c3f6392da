// Python's int() and float() of a string.
#include "engine/jinja/values/number_text.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/strings.h"
#include "engine/unicode/python_characters.h"

namespace assay::jinja {
namespace {

absl::Status NotAnInteger() { return absl::InvalidArgumentError("a string is no integer"); }

// Strips whitespace and replaces the digits of all scripts by ASCII digits, letters by lower case.
// Other characters beyond ASCII become '?'.
std::string Simplify(std::string_view text) {
  text = StripString(text, nullptr, true, true);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(text.substr(at));
    const std::optional<int> digit = unicode::DecimalValue(step.code_point);
    if (step.bytes == 1) {
      out += absl::ascii_tolower(static_cast<unsigned char>(text[at]));
    } else {
      out += digit.has_value() ? static_cast<char>('0' + *digit) : '?';
    }
    at += step.bytes;
  }
  return out;
}

// Removes a sign and returns true if it is a minus.
bool TakeSign(std::string_view* text) {
  const bool negative = text->starts_with('-');
  if (negative || text->starts_with('+')) text->remove_prefix(1);
  return negative;
}

int64_t PrefixBase(std::string_view text) {
  if (text.starts_with("0x")) return 16;
  if (text.starts_with("0o")) return 8;
  return text.starts_with("0b") ? 2 : 0;
}

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

int DigitValue(char c) {
  if (IsDigit(c)) return c - '0';
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) ? c - 'a' + 10 : 99;
}

// Removes digits from the beginning of `text`, with single underscores between them, and appends
// them to `out`. Returns false if there are none.
bool TakeDigits(std::string_view* text, std::string* out) {
  if (text->empty() || !IsDigit(text->front())) return false;
  while (!text->empty()) {
    const bool underscore = text->front() == '_' && text->size() > 1 && IsDigit((*text)[1]);
    if (!underscore && !IsDigit(text->front())) break;
    if (!underscore) *out += text->front();
    text->remove_prefix(1);
  }
  return true;
}

}  // namespace

Result ParseInteger(std::string_view text, int64_t base) {
  const std::string simple = Simplify(text);
  std::string_view rest = simple;
  const bool negative = TakeSign(&rest);
  const int64_t prefix = PrefixBase(rest);
  const bool prefixed = prefix != 0 && (base == 0 || base == prefix);
  const bool zero_base = base == 0;
  if (prefixed) {
    rest.remove_prefix(2);
    base = prefix;
    if (rest.starts_with('_')) rest.remove_prefix(1);
  } else if (zero_base) {
    base = 10;
  }
  std::string digits;
  bool after_digit = false;
  for (const char c : rest) {
    if (c == '_' ? !after_digit : DigitValue(c) >= base) return NotAnInteger();
    after_digit = c != '_';
    if (after_digit) digits += c;
  }
  if (!after_digit) return NotAnInteger();
  // With base 0, a number other than 0 has no leading zero.
  if (zero_base && !prefixed && digits[0] == '0' &&
      digits.find_first_not_of('0') != std::string::npos) {
    return NotAnInteger();
  }
  return ParseDigits(digits, static_cast<unsigned>(base), negative);
}

std::optional<double> ParseFloat(std::string_view text) {
  const std::string simple = Simplify(text);
  std::string_view rest = simple;
  const double sign = TakeSign(&rest) ? -1.0 : 1.0;
  if (rest == "inf" || rest == "infinity") return sign * std::numeric_limits<double>::infinity();
  if (rest == "nan") return std::numeric_limits<double>::quiet_NaN();
  std::string number;
  const bool whole = TakeDigits(&rest, &number);
  bool fraction = false;
  if (rest.starts_with('.')) {
    number += '.';
    rest.remove_prefix(1);
    fraction = TakeDigits(&rest, &number);
  }
  if (!whole && !fraction) return std::nullopt;
  if (rest.starts_with('e')) {
    number += 'e';
    rest.remove_prefix(1);
    if (TakeSign(&rest)) number += '-';
    if (!TakeDigits(&rest, &number)) return std::nullopt;
  }
  double value = 0;
  if (!rest.empty() || !absl::SimpleAtod(number, &value)) return std::nullopt;
  return sign * value;
}

}  // namespace assay::jinja
