// The operators of a template, with Python's rules.
#ifndef ASSAY_ENGINE_JINJA_VALUES_OPERATORS_H_
#define ASSAY_ENGINE_JINJA_VALUES_OPERATORS_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Each function returns INVALID_ARGUMENT for operands that Python refuses and for results beyond
// the limits of value.h and integer.h, UNIMPLEMENTED for a power that is a complex number. None has
// state.

// Applies + - * / // % or **.
Result Arithmetic(std::string_view op, const Value& left, const Value& right, Budget& budget);
// Applies the sign - or +.
Result ApplySign(std::string_view op, const Value& operand);
// Applies == != < <= > >= in, or not in.
absl::StatusOr<bool> Compare(std::string_view op, const Value& left, const Value& right,
                             Budget& budget);
// Applies ~ to all operands. It never escapes, because chat templates render without autoescape.
Result Concatenate(const std::vector<Value>& operands);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_OPERATORS_H_
