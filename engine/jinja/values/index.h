// Items and slices of template values, with Python's rules.
#ifndef ASSAY_ENGINE_JINJA_VALUES_INDEX_H_
#define ASSAY_ENGINE_JINJA_VALUES_INDEX_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Returns container[index], or nullopt if there is no such item.
absl::StatusOr<std::optional<Value>> FindItem(const Value& container, const Value& index,
                                              Budget& budget);
// True for a string, list, tuple or range.
bool HasSlices(const Value& container);
// Returns container[start:stop:step], where None means that a bound is absent. Returns
// INVALID_ARGUMENT for a type that has no slices, for a bound that is not an integer and for a step
// of 0.
Result SliceValue(const Value& container, const Value& start, const Value& stop, const Value& step,
                  Budget& budget);

// Python's range(). Returns INVALID_ARGUMENT for a step of 0 and for more than kMaxItems items.
Result MakeRange(int64_t start, int64_t stop, int64_t step);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_INDEX_H_
