// Python's == and < of template values.
#ifndef ASSAY_ENGINE_JINJA_VALUES_COMPARISON_H_
#define ASSAY_ENGINE_JINJA_VALUES_COMPARISON_H_

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Compares two numbers exactly. Returns nullopt unless both values are numbers.
std::optional<bool> NumbersEqual(const Value& a, const Value& b);

// Python's ==, in which true, 1 and 1.0 are equal. Spends one step per compared item.
absl::StatusOr<bool> ValuesEqual(const Value& a, const Value& b, Budget& budget);
// Python's < <= > or >=. Returns INVALID_ARGUMENT for types without an order between them.
absl::StatusOr<bool> ValuesOrdered(std::string_view op, const Value& a, const Value& b,
                                   Budget& budget);
// Python's <.
absl::StatusOr<bool> ValueLess(const Value& a, const Value& b, Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_COMPARISON_H_
