// Classes of characters.
#ifndef ASSAY_ENGINE_UNICODE_CHARACTERS_H_
#define ASSAY_ENGINE_UNICODE_CHARACTERS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace assay::unicode {

// Unicode's White_Space.
bool IsSpace(uint32_t code_point);
// A letter, mark, digit or connecting punctuation: \w.
bool IsWord(uint32_t code_point);

// Python's str.isspace(): the separators of ASCII too.
bool IsPythonSpace(uint32_t code_point);

// Bytes of the spaces, by `is_space`, that a text begins or ends with.
size_t LeadingSpaces(std::string_view text, bool (*is_space)(uint32_t) = IsSpace);
size_t TrailingSpaces(std::string_view text, bool (*is_space)(uint32_t) = IsSpace);

// Where the last character of a text that is not empty begins.
size_t LastCharacter(std::string_view text);

}  // namespace assay::unicode

#endif  // ASSAY_ENGINE_UNICODE_CHARACTERS_H_
