// Implementation of cleaning and escaping.
#include "evaluator/report/plain_text.h"

#include <utf8proc.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"

namespace assay::evaluator {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

// True for bidirectional embeddings, overrides and isolates, which can reverse the text after them.
bool IsBidiControl(utf8proc_int32_t c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

bool IsNonCharacter(utf8proc_int32_t c) {
  return (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
}

bool IsAllowed(utf8proc_int32_t c) {
  if (c == '\t' || c == '\n') return true;
  const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
  return !control && !IsBidiControl(c) && !IsNonCharacter(c);
}

bool IsWordCharacter(std::string_view text, size_t i) {
  return i < text.size() && absl::ascii_isalnum(static_cast<unsigned char>(text[i]));
}

// True if Markdown may interpret the character at `i`. Other characters get no backslash, which
// keeps the source readable.
bool IsMarkup(std::string_view text, size_t i) {
  switch (text[i]) {
    case '\\':
    case '`':
    case '*':
    case '[':
    case ']':
    case '|':
    case '~':
      return true;
    case '_':
      return i == 0 || !IsWordCharacter(text, i - 1) || !IsWordCharacter(text, i + 1);
    case '-':
    case '+':
    case '#':
    case '=':
      return i == 0;
    case '.':
    case ')':
      // "1." begins a list.
      return i > 0 && text.find_first_not_of("0123456789") == i && text.substr(i + 1, 1) == " ";
    default:
      return false;
  }
}

}  // namespace

std::string CleanText(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    if (text[0] == '\r') {
      clean += '\n';
      text.remove_prefix(text.starts_with("\r\n") ? 2 : 1);
      continue;
    }
    utf8proc_int32_t c = -1;
    const utf8proc_ssize_t bytes =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                         static_cast<utf8proc_ssize_t>(text.size()), &c);
    const size_t taken = bytes > 0 ? static_cast<size_t>(bytes) : 1;
    clean += bytes > 0 && IsAllowed(c) ? text.substr(0, taken) : kReplacement;
    text.remove_prefix(taken);
  }
  return clean;
}

std::string CleanLine(std::string_view text) {
  std::string line = CleanText(text);
  absl::RemoveExtraAsciiWhitespace(&line);
  for (char& c : line) {
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) c = ' ';
  }
  return line;
}

std::string Shorten(std::string_view text, size_t characters) {
  size_t count = 0;
  size_t before_last = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool continues = (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
    if (continues) continue;
    if (++count == characters) before_last = i;
    if (count > characters) {
      return std::string(text.substr(0, before_last)).append(kEllipsis);
    }
  }
  return std::string(text);
}

std::string EscapeHtml(std::string_view text) {
  return absl::StrReplaceAll(
      std::string(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string EscapeMarkdown(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      if (IsMarkup(text, i)) escaped += '\\';
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace assay::evaluator
