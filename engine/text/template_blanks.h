// Python's blanks.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_BLANKS_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_BLANKS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace assay::engine {

// Python's str.isspace() for one character.
bool IsPythonBlank(uint32_t code_point);
// Bytes of blanks at the beginning and at the end of `text`.
size_t LeadingBlanks(std::string_view text);
size_t TrailingBlanks(std::string_view text);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_BLANKS_H_
