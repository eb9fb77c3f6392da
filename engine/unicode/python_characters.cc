// The character classes of Python's string methods.
#include "engine/unicode/python_characters.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "engine/unicode/character_table.h"

namespace assay::unicode {
namespace {

constexpr uint32_t kAscii = 0x80;

const CharacterClasses& Find(uint32_t code_point) {
  return *std::prev(std::upper_bound(
      std::begin(kCharacterClasses), std::end(kCharacterClasses), code_point,
      [](uint32_t value, const CharacterClasses& entry) { return value < entry.first; }));
}

// True if the text has characters of a class in `accepted` and none of a class in `refused`.
bool HasOnlyCase(std::string_view text, unsigned accepted, unsigned refused) {
  bool cased = false;
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(text.substr(at));
    if (HasClass(step.code_point, refused)) return false;
    cased = cased || HasClass(step.code_point, accepted);
    at += step.bytes;
  }
  return cased;
}

}  // namespace

bool HasClass(uint32_t code_point, unsigned classes) {
  // Most text is ASCII.
  static const std::array<uint16_t, kAscii> kAsciiClasses = [] {
    std::array<uint16_t, kAscii> table{};
    for (uint32_t c = 0; c < kAscii; ++c) table[c] = Find(c).classes;
    return table;
  }();
  const uint16_t own = code_point < kAscii ? kAsciiClasses[code_point] : Find(code_point).classes;
  return (own & classes) != 0;
}

std::optional<int> DecimalValue(uint32_t code_point) {
  const CharacterClasses& entry = Find(code_point);
  if ((entry.classes & kDecimal) == 0) return std::nullopt;
  // The digits of a script are consecutive, and a range begins with a zero.
  return static_cast<int>((code_point - entry.first) % 10);
}

bool IsLower(std::string_view text) { return HasOnlyCase(text, kLower, kUpper | kTitle); }
bool IsUpper(std::string_view text) { return HasOnlyCase(text, kUpper, kLower | kTitle); }

std::string FoldCase(std::string_view text) {
  constexpr size_t kMaxFolded = 4;
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(text.substr(at));
    std::array<utf8proc_int32_t, kMaxFolded> folded{};
    const auto count =
        step.valid ? utf8proc_decompose_char(static_cast<utf8proc_int32_t>(step.code_point),
                                             folded.data(), kMaxFolded, UTF8PROC_CASEFOLD, nullptr)
                   : 0;
    if (count <= 0) out += text.substr(at, step.bytes);
    for (size_t i = 0; i < static_cast<size_t>(std::max<utf8proc_ssize_t>(count, 0)); ++i) {
      AppendUtf8(static_cast<uint32_t>(folded[i]), &out);
    }
    at += step.bytes;
  }
  return out;
}

}  // namespace assay::unicode
