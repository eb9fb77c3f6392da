// Implementation of text normalization.
#include "evaluator/scoring/clean_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace assay::evaluator {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::string_view kReplacementBytes = "\uFFFD";

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode ranges whose characters are mostly emoji.
constexpr std::array<Range, 9> kEmoji = {{{0x2049, 0x2049},
                                          {0x203C, 0x203C},
                                          {0x231A, 0x23FF},
                                          {0x25AA, 0x27BF},
                                          {0x2934, 0x2935},
                                          {0x2B05, 0x2B55},
                                          {0x3030, 0x303D},
                                          {0x3297, 0x3299},
                                          {0x1F000, 0x1FAFF}}};

// Returns the length of the shortest period of the first `size` bytes of `text` that divides
// `size`, or `size` if there is none. Line feeds are compared as blanks, and one virtual blank
// follows the end of the text. Uses the failure function of Knuth, Morris and Pratt.
size_t Period(std::string_view text, size_t size) {
  const auto at = [text](size_t i) { return i == text.size() || text[i] == '\n' ? ' ' : text[i]; };
  std::vector<uint32_t> border(size + 1, 0);
  for (size_t i = 1; i < size; ++i) {
    uint32_t length = border[i];
    while (length > 0 && at(i) != at(length)) length = border[length];
    border[i + 1] = at(i) == at(length) ? length + 1 : 0;
  }
  const size_t period = size - border[size];
  return size % period == 0 ? period : size;
}

}  // namespace

CodePoint FirstCodePoint(std::string_view text) {
  constexpr size_t kMaxSequence = 4;
  utf8proc_int32_t value = 0;
  const utf8proc_ssize_t bytes =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                       static_cast<utf8proc_ssize_t>(std::min(text.size(), kMaxSequence)), &value);
  if (bytes <= 0) return {.value = kReplacement, .bytes = 1};
  return {.value = static_cast<char32_t>(value), .bytes = static_cast<size_t>(bytes)};
}

bool IsWordCharacter(char32_t c) {
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_ME) ||
         category == UTF8PROC_CATEGORY_ND;
}

bool IsSpace(char32_t c) {
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category == UTF8PROC_CATEGORY_CC ||
         (category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP);
}

bool IsEmoji(char32_t c) {
  return std::any_of(kEmoji.begin(), kEmoji.end(),
                     [c](Range range) { return c >= range.first && c <= range.last; });
}

int64_t CountCodePoints(std::string_view text) {
  int64_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(FirstCodePoint(text).bytes);
  return count;
}

std::string NormalizeText(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  bool space = false;
  bool line_feed = false;
  while (!text.empty()) {
    const CodePoint c = FirstCodePoint(text);
    if (IsSpace(c.value)) {
      space = true;
      line_feed = line_feed || c.value == U'\n' || c.value == U'\r' || c.value == U'\u2029';
    } else {
      if (space && !clean.empty()) clean.push_back(line_feed ? '\n' : ' ');
      space = line_feed = false;
      clean.append(c.value == kReplacement ? kReplacementBytes : text.substr(0, c.bytes));
    }
    text.remove_prefix(c.bytes);
  }
  return clean;
}

Deduplicated RemoveCopies(std::string_view clean) {
  if (clean.empty()) return {.text = clean};
  if (const size_t period = Period(clean, clean.size() + 1); period <= clean.size()) {
    return {.text = clean.substr(0, period - 1),
            .copies = static_cast<int>((clean.size() + 1) / period)};
  }
  const size_t period = Period(clean, clean.size());
  return {.text = clean.substr(0, period), .copies = static_cast<int>(clean.size() / period)};
}

}  // namespace assay::evaluator
