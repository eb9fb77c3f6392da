// The methods of strings.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_STRING_METHODS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_STRING_METHODS_H_

#include <string_view>

#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

bool HasStringMethod(std::string_view name);

// Calls text.name(arguments). `text` must be a string, and HasStringMethod(name) must be true.
// Returns INVALID_ARGUMENT for what Python refuses and for results beyond the limits of value.h.
Result CallStringMethod(const Value& text, std::string_view name, const Arguments& arguments,
                        Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_STRING_METHODS_H_
