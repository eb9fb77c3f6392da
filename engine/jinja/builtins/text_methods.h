// Methods that texts of a template have.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_TEXT_METHODS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_TEXT_METHODS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

bool HasTextMethod(std::string_view name);

// `text` is a text, `name` one of its methods. INVALID_ARGUMENT: what Python refuses, bounds.
absl::StatusOr<Value> CallTextMethod(const Value& text, std::string_view name,
                                     const Arguments& arguments, Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_TEXT_METHODS_H_
