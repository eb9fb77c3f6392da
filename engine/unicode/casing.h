// Python's upper() and lower().
#ifndef ASSAY_ENGINE_UNICODE_CASING_H_
#define ASSAY_ENGINE_UNICODE_CASING_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::unicode {

// Character by character, with the characters that become several; the one rule of Unicode that
// looks at neighbours (a sigma at a word's end) is applied as Python does.
std::string UpperOf(std::string_view text);
std::string LowerOf(std::string_view text);
// First character upper, the others lower.
std::string CapitalizedOf(std::string_view text);
// Python's str.title(): as CapitalizedOf for every run of letters.
std::string TitleOf(std::string_view text);

// Has a case: differs from its upper or lower form.
bool IsCased(uint32_t code_point);

}  // namespace assay::unicode

#endif  // ASSAY_ENGINE_UNICODE_CASING_H_
