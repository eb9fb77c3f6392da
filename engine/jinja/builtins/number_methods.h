// The methods of integers and floats.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_NUMBER_METHODS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_NUMBER_METHODS_H_

#include <string_view>

#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Each requires an integer or a float.
bool HasNumberMethod(const Value& number, std::string_view name);
// Calls number.name(arguments). HasNumberMethod() must be true. Returns UNIMPLEMENTED for methods
// that make or read bytes, and for fromhex().
Result CallNumberMethod(const Value& number, std::string_view name, const Arguments& arguments);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_NUMBER_METHODS_H_
