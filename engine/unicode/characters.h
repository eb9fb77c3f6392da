// Character classes of Unicode and of Python.
#ifndef ASSAY_ENGINE_UNICODE_CHARACTERS_H_
#define ASSAY_ENGINE_UNICODE_CHARACTERS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace assay::unicode {

// True for Unicode's White_Space.
bool IsSpace(uint32_t code_point);
// True for letters and other alphabetic characters, marks, digits, connecting punctuation and
// joiners: \w of Rust's regular expressions.
bool IsWord(uint32_t code_point);

// Python's str.isspace(): White_Space and the separators U+001C to U+001F.
bool IsPythonSpace(uint32_t code_point);

// Each returns the number of bytes of the spaces that `text` begins or ends with.
size_t LeadingSpaceBytes(std::string_view text, bool (*is_space)(uint32_t) = IsSpace);
size_t TrailingSpaceBytes(std::string_view text, bool (*is_space)(uint32_t) = IsSpace);

// Returns the offset of the last character of `text`, which must not be empty.
size_t LastCharacterOffset(std::string_view text);

}  // namespace assay::unicode

#endif  // ASSAY_ENGINE_UNICODE_CHARACTERS_H_
