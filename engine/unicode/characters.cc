// Character classes of Unicode and of Python.
#include "engine/unicode/characters.h"

#include <utf8proc.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/utf8.h"

namespace assay::unicode {

bool IsSpace(uint32_t c) {
  return (c >= 0x9 && c <= 0xD) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool IsWord(uint32_t code_point) {
  // Joiners, and the symbols that are alphabetic: letters in circles and squares.
  const bool joiner = code_point == 0x200C || code_point == 0x200D;
  const bool enclosed = (code_point >= 0x24B6 && code_point <= 0x24E9) ||
                        (code_point >= 0x1F130 && code_point <= 0x1F149) ||
                        (code_point >= 0x1F150 && code_point <= 0x1F169) ||
                        (code_point >= 0x1F170 && code_point <= 0x1F189);
  if (joiner || enclosed) return true;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:
      return false;
  }
}

bool IsPythonSpace(uint32_t c) { return IsSpace(c) || (c >= 0x1C && c <= 0x1F); }

size_t LeadingSpaceBytes(std::string_view text, bool (*is_space)(uint32_t)) {
  size_t bytes = 0;
  while (bytes < text.size()) {
    const Utf8Step step = NextUtf8(text.substr(bytes));
    if (!step.valid || !is_space(step.code_point)) break;
    bytes += step.bytes;
  }
  return bytes;
}

size_t LastCharacterOffset(std::string_view text) {
  constexpr unsigned kContinuationMask = 0xC0;
  constexpr unsigned kContinuation = 0x80;
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & kContinuationMask) == kContinuation) {
    --at;
  }
  return at;
}

size_t TrailingSpaceBytes(std::string_view text, bool (*is_space)(uint32_t)) {
  size_t kept = text.size();
  while (kept > 0) {
    const size_t at = LastCharacterOffset(text.substr(0, kept));
    const Utf8Step step = NextUtf8(text.substr(at, kept - at));
    if (!step.valid || step.bytes != kept - at || !is_space(step.code_point)) break;
    kept = at;
  }
  return text.size() - kept;
}

}  // namespace assay::unicode
