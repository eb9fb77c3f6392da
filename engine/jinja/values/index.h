// Items and slices of template values, with Python's rules.
#ifndef ASSAY_ENGINE_JINJA_VALUES_INDEX_H_
#define ASSAY_ENGINE_JINJA_VALUES_INDEX_H_

#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Returns container[index], or undefined if there is no such item. Returns INVALID_ARGUMENT for an
// undefined container.
Result IndexValue(const Value& container, const Value& index);
// Returns container[start:stop:step], where None means that a bound is absent, or undefined for a
// type that has no slices. Returns INVALID_ARGUMENT for an undefined container, for a bound that is
// not an integer and for a step of 0.
Result SliceValue(const Value& container, const Value& start, const Value& stop, const Value& step,
                  Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_INDEX_H_
