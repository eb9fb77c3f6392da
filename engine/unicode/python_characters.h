// The character classes of Python's string methods.
#ifndef ASSAY_ENGINE_UNICODE_PYTHON_CHARACTERS_H_
#define ASSAY_ENGINE_UNICODE_PYTHON_CHARACTERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay::unicode {

// A bit for each class; the order is that of make_character_table.py.
enum CharacterClass : uint16_t {
  kAlpha = 1 << 0,
  kDecimal = 1 << 1,
  kDigit = 1 << 2,
  kNumeric = 1 << 3,
  kLower = 1 << 4,
  kUpper = 1 << 5,
  kTitle = 1 << 6,
  kPrintable = 1 << 7,
  kIdentifierStart = 1 << 8,
  kIdentifierPart = 1 << 9,
  kCased = 1 << 10,
  // Case-ignorable: the rule of the final sigma looks past it.
  kCaseIgnorable = 1 << 11,
};

// True if the character has one of the classes.
bool HasClass(uint32_t code_point, unsigned classes);

// Returns the value of a decimal digit of any script, or nullopt.
std::optional<int> DecimalValue(uint32_t code_point);

// Python's islower() and isupper(): true if the text has characters of that case and none of
// another case.
bool IsLower(std::string_view text);
bool IsUpper(std::string_view text);

// Python's casefold().
std::string FoldCase(std::string_view text);

}  // namespace assay::unicode

#endif  // ASSAY_ENGINE_UNICODE_PYTHON_CHARACTERS_H_
