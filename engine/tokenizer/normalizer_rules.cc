// The rules of single normalizers.
#include "engine/tokenizer/normalizer_rules.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "base/utf8.h"
#include "engine/tokenizer/character_classes.h"
#include "engine/unicode/characters.h"
#include "engine/unicode/late_characters.h"

namespace assay::engine {
namespace {

// Calls change(code_point, out) for each character of `text`.
template <typename Change>
std::string MapCharacters(std::string_view text, Change change) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = NextUtf8(text);
    change(step.code_point, &out);
    text.remove_prefix(step.bytes);
  }
  return out;
}

bool IsIn(absl::Span<const unicode::CharacterRange> ranges, uint32_t code_point) {
  const auto it = std::lower_bound(
      ranges.begin(), ranges.end(), code_point,
      [](const unicode::CharacterRange& range, uint32_t code) { return range.last < code; });
  return it != ranges.end() && it->first <= code_point;
}

// Removes the characters of a class.
std::string Remove(absl::Span<const unicode::CharacterRange> ranges, std::string_view text) {
  return MapCharacters(text, [&](uint32_t c, std::string* out) {
    if (!IsIn(ranges, c)) AppendUtf8(c, out);
  });
}

// The first range of the third line is one block longer than Unicode's, as in the crate.
bool IsChinese(uint32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

bool IsNmtSpace(uint32_t c) {
  return c == 0x9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 ||
         (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF ||
         c == 0xFFFD;
}

}  // namespace

std::string ToLowercase(std::string_view text) {
  constexpr uint32_t kCapitalIWithDot = 0x130;
  return MapCharacters(text, [](uint32_t c, std::string* out) {
    if (c == kCapitalIWithDot) {
      *out += "i\xCC\x87";
    } else {
      AppendUtf8(static_cast<uint32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))), out);
    }
  });
}

bool IsCombiningMark(uint32_t c) { return IsIn(kCombiningMarks, c); }

std::string RemoveCombiningMarks(std::string_view text) { return Remove(kCombiningMarks, text); }

bool IsNmtControl(uint32_t c) {
  return (c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F ||
         c == 0x9F;
}

std::string ApplyNmtRules(std::string_view text) {
  return MapCharacters(text, [](uint32_t c, std::string* out) {
    if (!IsNmtControl(c)) AppendUtf8(IsNmtSpace(c) ? ' ' : c, out);
  });
}

bool IsBertControl(uint32_t c) { return c == 0 || c == 0xFFFD || IsIn(kBertControls, c); }

bool IsBertAccent(uint32_t c) { return IsIn(kBertAccents, c); }

std::string CleanBertText(std::string_view text) {
  return MapCharacters(text, [](uint32_t c, std::string* out) {
    if (IsBertControl(c)) return;
    AppendUtf8(unicode::IsSpace(c) ? ' ' : c, out);
  });
}

std::string SeparateChinese(std::string_view text) {
  return MapCharacters(text, [](uint32_t c, std::string* out) {
    if (IsChinese(c)) *out += ' ';
    AppendUtf8(c, out);
    if (IsChinese(c)) *out += ' ';
  });
}

std::string RemoveBertAccents(std::string_view text) { return Remove(kBertAccents, text); }

size_t GraphemeEnd(std::string_view text, size_t at) {
  utf8proc_int32_t state = 0;
  Utf8Step step = NextUtf8(text.substr(at));
  size_t end = at + step.bytes;
  while (end < text.size()) {
    const Utf8Step next = NextUtf8(text.substr(end));
    if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(step.code_point),
                                         static_cast<utf8proc_int32_t>(next.code_point), &state)) {
      break;
    }
    end += next.bytes;
    step = next;
  }
  return end;
}

}  // namespace assay::engine
