// UTF-8, checked (RFC 3629; Unicode chapter 3, table 3-7).
#ifndef ASSAY_BASE_UTF8_H_
#define ASSAY_BASE_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay {

// One step through a text: a character, or a maximal invalid part of one to three bytes.
struct Utf8Step {
  // The code point; meaningless if not valid.
  uint32_t code_point;
  // At least 1.
  size_t bytes;
  bool valid;
};
// `text` must not be empty. Overlong forms, surrogates and values beyond U+10FFFF are invalid.
Utf8Step NextUtf8(std::string_view text);

// Offset of the first byte that is not valid; nullopt for a valid text.
std::optional<size_t> FindInvalidUtf8(std::string_view text);

// Each maximal invalid part becomes one U+FFFD.
std::string ReplaceInvalidUtf8(std::string_view text);

void AppendUtf8(uint32_t code_point, std::string* out);

}  // namespace assay

#endif  // ASSAY_BASE_UTF8_H_
