// The methods of strings, lists, dictionaries and numbers.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_METHODS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_METHODS_H_

#include <string_view>

#include "engine/jinja/builtins/run.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// True if `value` has the method and a template may call it.
bool HasMethod(const Value& value, std::string_view name);
// True if Python has the method, but it changes `value`, which jinja2's immutable sandbox forbids.
bool IsForbidden(const Value& value, std::string_view name);

// Calls value.name(arguments). HasMethod(value, name) must be true. Returns INVALID_ARGUMENT for
// what Python refuses and for results beyond the limits of value.h, UNIMPLEMENTED for methods that
// return bytes.
Result CallMethod(const Value& value, std::string_view name, const Arguments& arguments, Run& run);

// Python's dict.fromkeys().
Result MapFromKeys(const Arguments& arguments, Run& run);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_METHODS_H_
