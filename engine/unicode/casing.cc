// Python's case conversions.
#include "engine/unicode/casing.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "engine/unicode/casing_table.h"

namespace assay::unicode {
namespace {

constexpr uint32_t kSigma = 0x3A3;
constexpr uint32_t kSmallSigma = 0x3C3;
constexpr uint32_t kFinalSigma = 0x3C2;

// Appends the expansion of `c` and returns true if the table has one.
bool AppendExpansion(const CaseExpansion* begin, const CaseExpansion* end, uint32_t c,
                     std::string* out) {
  const auto* found = std::lower_bound(
      begin, end, c, [](const CaseExpansion& e, uint32_t value) { return e.code_point < value; });
  if (found == end || found->code_point != c) return false;
  *out += found->text;
  return true;
}

void AppendUpper(uint32_t c, std::string* out) {
  if (AppendExpansion(std::begin(kUpperExpansions), std::end(kUpperExpansions), c, out)) return;
  AppendUtf8(static_cast<uint32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))), out);
}

void AppendLower(uint32_t c, std::string* out) {
  if (AppendExpansion(std::begin(kLowerExpansions), std::end(kLowerExpansions), c, out)) return;
  AppendUtf8(static_cast<uint32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))), out);
}

void AppendTitle(uint32_t c, std::string* out) {
  if (AppendExpansion(std::begin(kTitleExpansions), std::end(kTitleExpansions), c, out)) return;
  AppendUtf8(static_cast<uint32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))), out);
}

// Calls change(code_point, offset, out) for each character. Invalid bytes stay as they are.
template <typename Change>
std::string MapCharacters(std::string_view text, Change change) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(text.substr(at));
    if (step.valid) {
      change(step.code_point, at, &out);
    } else {
      out += text.substr(at, step.bytes);
    }
    at += step.bytes;
  }
  return out;
}

// A sigma is final if it follows a cased character and precedes none.
void AppendLowerAt(std::string_view text, uint32_t c, size_t at, bool after_cased,
                   std::string* out) {
  if (c != kSigma) return AppendLower(c, out);
  const std::string_view rest = text.substr(at + 2);
  const bool before_cased = !rest.empty() && IsCased(NextUtf8(rest).code_point);
  AppendUtf8(after_cased && !before_cased ? kFinalSigma : kSmallSigma, out);
}

}  // namespace

bool IsCased(uint32_t c) {
  std::string self;
  std::string lower;
  std::string upper;
  AppendUtf8(c, &self);
  AppendLower(c, &lower);
  AppendUpper(c, &upper);
  return self != lower || self != upper;
}

std::string ToUpper(std::string_view text) {
  return MapCharacters(text, [](uint32_t c, size_t, std::string* out) { AppendUpper(c, out); });
}

std::string ToLower(std::string_view text) {
  bool cased = false;
  return MapCharacters(text, [&](uint32_t c, size_t at, std::string* out) {
    AppendLowerAt(text, c, at, cased, out);
    cased = IsCased(c);
  });
}

std::string Capitalize(std::string_view text) {
  bool cased = false;
  return MapCharacters(text, [&](uint32_t c, size_t at, std::string* out) {
    if (at == 0) {
      AppendTitle(c, out);
    } else {
      AppendLowerAt(text, c, at, cased, out);
    }
    cased = IsCased(c);
  });
}

std::string ToTitle(std::string_view text) {
  bool in_word = false;
  return MapCharacters(text, [&](uint32_t c, size_t at, std::string* out) {
    if (in_word) {
      AppendLowerAt(text, c, at, true, out);
    } else {
      AppendTitle(c, out);
    }
    in_word = IsCased(c);
  });
}

}  // namespace assay::unicode
