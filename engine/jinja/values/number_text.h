// Python's int() and float() of a string.
#ifndef ASSAY_ENGINE_JINJA_VALUES_NUMBER_TEXT_H_
#define ASSAY_ENGINE_JINJA_VALUES_NUMBER_TEXT_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Python's int(text, base), with whitespace, signs, underscores, prefixes and the digits of all
// scripts. The base is 0 or 2 to 36. Returns INVALID_ARGUMENT for what Python refuses.
Result ParseInteger(std::string_view text, int64_t base);

// Python's float(text). Returns nullopt for what Python refuses.
std::optional<double> ParseFloat(std::string_view text);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_NUMBER_TEXT_H_
