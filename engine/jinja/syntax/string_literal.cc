// Unescapes the string literals of a template.
#include "engine/jinja/syntax/string_literal.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace assay::jinja {
namespace {

constexpr std::string_view kEscapes = "ntrabfv\\'\"";
constexpr std::string_view kMeanings = "\n\t\r\a\b\f\v\\'\"";

// The first number beyond the code points of Unicode.
constexpr uint32_t kInvalid = 0x110000;

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// Parses hexadecimal digits. Returns kInvalid for other characters and for numbers beyond Unicode.
uint32_t ParseHex(std::string_view digits) {
  uint32_t value = 0;
  for (const char c : digits) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c)) || value > kInvalid) return kInvalid;
    const int digit = absl::ascii_isdigit(static_cast<unsigned char>(c))
                          ? c - '0'
                          : absl::ascii_tolower(static_cast<unsigned char>(c)) - 'a' + 10;
    value = value * 16 + static_cast<uint32_t>(digit);
  }
  return value;
}

// Reads the escape whose backslash is directly before `rest`. Returns the number of bytes read.
absl::StatusOr<size_t> ReadEscape(std::string_view rest, std::string* out) {
  const char c = rest[0];
  if (const size_t known = kEscapes.find(c); known != std::string_view::npos) {
    out->push_back(kMeanings[known]);
    return 1;
  }
  if (c == '\n') return 1;
  if (IsOctal(c)) {
    uint32_t value = 0;
    size_t length = 0;
    while (length < 3 && length < rest.size() && IsOctal(rest[length])) {
      value = value * 8 + static_cast<uint32_t>(rest[length++] - '0');
    }
    AppendUtf8(value, out);
    return length;
  }
  if (c == 'N') return absl::UnimplementedError("string escape '\\N' is not supported");
  const size_t digits = c == 'x' ? 2 : (c == 'u' ? 4 : (c == 'U' ? 8 : 0));
  if (digits == 0) {
    *out += {'\\', c};
    return 1;
  }
  const std::string_view number = rest.substr(1, digits);
  const uint32_t value = number.size() == digits ? ParseHex(number) : kInvalid;
  if (value >= kInvalid || (value >= 0xD800 && value < 0xE000)) {
    return absl::InvalidArgumentError(absl::StrCat("string escape '\\", std::string(1, c),
                                                   std::string(number),
                                                   "' does not encode a character"));
  }
  AppendUtf8(value, out);
  return digits + 1;
}

}  // namespace

absl::StatusOr<std::string> UnescapeString(std::string_view body) {
  std::string text;
  for (size_t at = 0; at < body.size();) {
    if (body[at] != '\\' || at + 1 >= body.size()) {
      text.push_back(body[at++]);
      continue;
    }
    ASSIGN_OR_RETURN(const size_t length, ReadEscape(body.substr(at + 1), &text));
    at += 1 + length;
  }
  return text;
}

}  // namespace assay::jinja
