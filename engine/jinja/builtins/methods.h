// The methods of strings, lists and dictionaries.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_METHODS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_METHODS_H_

#include <string_view>

#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// True if `value` has the method. As in jinja2's immutable sandbox, methods that change their value
// do not exist.
bool HasMethod(const Value& value, std::string_view name);

// Calls value.name(arguments). HasMethod(value, name) must be true. Returns INVALID_ARGUMENT for
// what Python refuses and for results beyond the limits of value.h.
Result CallMethod(const Value& value, std::string_view name, const Arguments& arguments,
                  Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_METHODS_H_
