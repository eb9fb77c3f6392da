// Unicode's normal forms, as the tokenizers crate has them.
#include "engine/tokenizer/unicode_form.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/unicode/late_characters.h"

namespace assay::engine {
namespace {

utf8proc_option_t ToUtf8ProcOptions(UnicodeForm form) {
  switch (form) {
    case UnicodeForm::kNfc:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    case UnicodeForm::kNfd:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
    case UnicodeForm::kNfkc:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    case UnicodeForm::kNfkd:
      return static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
  }
  return UTF8PROC_STABLE;
}

bool IsLateCharacter(uint32_t code_point) {
  const auto* const it = std::lower_bound(
      std::begin(unicode::kLateCharacters), std::end(unicode::kLateCharacters), code_point,
      [](const unicode::CharacterRange& range, uint32_t code) { return range.last < code; });
  return it != std::end(unicode::kLateCharacters) && it->first <= code_point;
}

int CombiningClass(utf8proc_int32_t code_point) {
  return utf8proc_get_property(code_point)->combining_class;
}

// Sorts each run of combining characters by class, keeping the order within a class. utf8proc's own
// sort takes time that grows with the square of a run.
void SortMarks(std::vector<utf8proc_int32_t>* codes) {
  const auto is_mark = [](utf8proc_int32_t code) { return CombiningClass(code) != 0; };
  for (auto begin = codes->begin(); begin != codes->end();) {
    begin = std::find_if(begin, codes->end(), is_mark);
    const auto end = std::find_if_not(begin, codes->end(), is_mark);
    std::stable_sort(begin, end, [](utf8proc_int32_t a, utf8proc_int32_t b) {
      return CombiningClass(a) < CombiningClass(b);
    });
    begin = end;
  }
}

absl::Status CannotNormalize(utf8proc_ssize_t error) {
  return absl::InvalidArgumentError(
      absl::StrCat("the text cannot be normalized: ", utf8proc_errmsg(error)));
}

absl::Status AppendNormal(std::string_view text, utf8proc_option_t options, std::string* out) {
  // The longest decomposition of a character, that of U+FDFA, has 18.
  std::array<utf8proc_int32_t, 32> parts{};
  std::vector<utf8proc_int32_t> codes;
  codes.reserve(text.size());
  int boundary = 0;
  while (!text.empty()) {
    const Utf8Step step = NextUtf8(text);
    text.remove_prefix(step.bytes);
    const utf8proc_ssize_t count =
        utf8proc_decompose_char(static_cast<utf8proc_int32_t>(step.code_point), parts.data(),
                                parts.size(), options, &boundary);
    if (count < 0 || count > static_cast<utf8proc_ssize_t>(parts.size())) {
      return CannotNormalize(count < 0 ? count : UTF8PROC_ERROR_OVERFLOW);
    }
    codes.insert(codes.end(), parts.begin(), parts.begin() + count);
  }
  SortMarks(&codes);
  const utf8proc_ssize_t size =
      utf8proc_normalize_utf32(codes.data(), static_cast<utf8proc_ssize_t>(codes.size()), options);
  if (size < 0) return CannotNormalize(size);
  codes.resize(static_cast<size_t>(size));
  for (const utf8proc_int32_t code : codes) AppendUtf8(static_cast<uint32_t>(code), out);
  return absl::OkStatus();
}

// ASCII, which most texts are, has nothing to compose or reorder.
bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

absl::StatusOr<std::string> ToUnicodeForm(UnicodeForm form, const std::string& text) {
  if (IsAscii(text)) return text;
  const utf8proc_option_t options = ToUtf8ProcOptions(form);
  std::string out;
  size_t done = 0;
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(std::string_view(text).substr(at));
    const size_t next = at + step.bytes;
    if (IsLateCharacter(step.code_point)) {
      const std::string_view before = std::string_view(text).substr(done, at - done);
      RETURN_IF_ERROR(AppendNormal(before, options, &out));
      out.append(text, at, step.bytes);
      done = next;
    }
    at = next;
  }
  RETURN_IF_ERROR(AppendNormal(std::string_view(text).substr(done), options, &out));
  return out;
}

}  // namespace assay::engine
