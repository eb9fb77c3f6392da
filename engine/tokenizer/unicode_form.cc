// Unicode's normal forms, as the tokenizers crate has them.
#include "engine/tokenizer/unicode_form.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

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

absl::Status AppendNormal(std::string_view text, utf8proc_option_t options, std::string* out) {
  if (text.empty()) return absl::OkStatus();
  utf8proc_uint8_t* mapped = nullptr;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t size =
      utf8proc_map(bytes, static_cast<utf8proc_ssize_t>(text.size()), &mapped, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (size < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the text cannot be normalized: ", utf8proc_errmsg(size)));
  }
  out->append(reinterpret_cast<const char*>(mapped), static_cast<size_t>(size));
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
