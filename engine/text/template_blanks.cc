// Python's blanks.
#include "engine/text/template_blanks.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/text/utf8.h"

namespace assay::engine {

bool IsPythonBlank(uint32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

size_t LeadingBlanks(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const Utf8Step step = NextUtf8(text.substr(at));
    if (!step.valid || !IsPythonBlank(step.code_point)) break;
    at += step.bytes;
  }
  return at;
}

size_t TrailingBlanks(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    size_t start = end - 1;
    // Back over continuation bytes; a character has at most four bytes.
    while (start > 0 && end - start < 4 && (static_cast<unsigned char>(text[start]) >> 6) == 2) {
      --start;
    }
    const Utf8Step step = NextUtf8(text.substr(start, end - start));
    if (!step.valid || step.bytes != end - start || !IsPythonBlank(step.code_point)) break;
    end = start;
  }
  return text.size() - end;
}

}  // namespace assay::engine
