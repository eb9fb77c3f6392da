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
#include "engine/unicode/python_characters.h"

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

// Python's handle_capital_sigma(): a sigma is final if it follows a cased character and precedes
// none. Case-ignorable characters do not count. It looks at no more than kMaxLookAhead of them,
// which keeps the conversion linear.
bool PrecedesCased(std::string_view rest) {
  constexpr int kMaxLookAhead = 64;
  for (int i = 0; i < kMaxLookAhead && !rest.empty(); ++i) {
    const Utf8Step step = NextUtf8(rest);
    if (!step.valid) return false;
    if (!HasClass(step.code_point, kCaseIgnorable)) return HasClass(step.code_point, kCased);
    rest.remove_prefix(step.bytes);
  }
  return false;
}

// Converts to lower case and remembers whether the next sigma follows a cased character.
class LowerWriter {
 public:
  explicit LowerWriter(std::string_view text) : text_(text) {}

  void Append(uint32_t c, size_t at, std::string* out) {
    if (c == kSigma) {
      AppendUtf8(after_cased_ && !PrecedesCased(text_.substr(at + 2)) ? kFinalSigma : kSmallSigma,
                 out);
    } else {
      AppendLower(c, out);
    }
    Pass(c);
  }
  // Passes a character that is not converted to lower case.
  void Pass(uint32_t c) {
    if (!HasClass(c, kCaseIgnorable)) after_cased_ = HasClass(c, kCased);
  }

 private:
  const std::string_view text_;
  bool after_cased_ = false;
};

}  // namespace

bool IsCased(uint32_t c) { return HasClass(c, kCased); }

std::string ToUpper(std::string_view text) {
  return MapCharacters(text, [](uint32_t c, size_t, std::string* out) { AppendUpper(c, out); });
}

std::string ToLower(std::string_view text) {
  LowerWriter lower(text);
  return MapCharacters(text,
                       [&](uint32_t c, size_t at, std::string* out) { lower.Append(c, at, out); });
}

std::string SwapCase(std::string_view text) {
  LowerWriter lower(text);
  return MapCharacters(text, [&](uint32_t c, size_t at, std::string* out) {
    if (HasClass(c, kUpper)) return lower.Append(c, at, out);
    lower.Pass(c);
    if (HasClass(c, kLower)) return AppendUpper(c, out);
    AppendUtf8(c, out);
  });
}

std::string Capitalize(std::string_view text) {
  LowerWriter lower(text);
  return MapCharacters(text, [&](uint32_t c, size_t at, std::string* out) {
    if (at > 0) return lower.Append(c, at, out);
    lower.Pass(c);
    AppendTitle(c, out);
  });
}

std::string ToTitle(std::string_view text) {
  LowerWriter lower(text);
  bool in_word = false;
  return MapCharacters(text, [&](uint32_t c, size_t at, std::string* out) {
    const bool first = !in_word;
    in_word = HasClass(c, kCased);
    if (!first) return lower.Append(c, at, out);
    lower.Pass(c);
    AppendTitle(c, out);
  });
}

}  // namespace assay::unicode
