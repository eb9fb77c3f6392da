// Python's operator % of strings.
#ifndef ASSAY_ENGINE_JINJA_VALUES_PERCENT_FORMAT_H_
#define ASSAY_ENGINE_JINJA_VALUES_PERCENT_FORMAT_H_

#include <string_view>

#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Formats "%s and %d" % (a, b). A format that is markup escapes what it inserts. Returns
// INVALID_ARGUMENT for what Python refuses and for widths and precisions beyond number_format.h.
Result FormatPercent(std::string_view format, bool markup, const Value& values, Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_PERCENT_FORMAT_H_
