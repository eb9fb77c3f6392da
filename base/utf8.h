// Validating UTF-8 decoding (RFC 3629; Unicode chapter 3, table 3-7).
#ifndef ASSAY_BASE_UTF8_H_
#define ASSAY_BASE_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay {

// One decoding step: a character, or a maximal invalid subpart of one to three bytes.
struct Utf8Step {
  // The code point. Unspecified if `valid` is false.
  uint32_t code_point;
  // The number of bytes consumed, at least 1.
  size_t bytes;
  bool valid;
};
// Decodes the beginning of `text`, which must not be empty. Overlong forms, surrogates and values
// beyond U+10FFFF are invalid.
Utf8Step NextUtf8(std::string_view text);

// Returns the offset of the first invalid byte, or nullopt if the text is valid.
std::optional<size_t> FindInvalidUtf8(std::string_view text);

// Returns the text with each maximal invalid subpart replaced by one U+FFFD.
std::string ReplaceInvalidUtf8(std::string_view text);

// Returns the beginning of `text` with at most `max_bytes` bytes, without cutting a character.
std::string_view Utf8Prefix(std::string_view text, size_t max_bytes);

// Returns the number of bytes that begin a character, which is that of the characters if the text
// is valid.
size_t CountUtf8Characters(std::string_view text);

// Appends the UTF-8 encoding of a valid code point.
void AppendUtf8(uint32_t code_point, std::string* out);

}  // namespace assay

#endif  // ASSAY_BASE_UTF8_H_
