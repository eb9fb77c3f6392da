// Python's case conversions: upper(), lower(), capitalize() and title().
#ifndef ASSAY_ENGINE_UNICODE_CASING_H_
#define ASSAY_ENGINE_UNICODE_CASING_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::unicode {

// Each function converts UTF-8 character by character, including the characters that become several
// ("ß" to "SS"). Invalid bytes stay as they are. As in Python, the one context-sensitive rule is
// that a capital sigma at the end of a word becomes a final sigma.
std::string ToUpper(std::string_view text);
std::string ToLower(std::string_view text);
// Converts the first character to title case and the others to lower case.
std::string Capitalize(std::string_view text);
// Capitalizes every run of cased characters.
std::string ToTitle(std::string_view text);
// Exchanges upper and lower case.
std::string SwapCase(std::string_view text);

// True for Unicode's property Cased.
bool IsCased(uint32_t code_point);

}  // namespace assay::unicode

#endif  // ASSAY_ENGINE_UNICODE_CASING_H_
