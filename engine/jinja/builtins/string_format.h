// Python's str.format().
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_STRING_FORMAT_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_STRING_FORMAT_H_

#include <string_view>

#include "engine/jinja/builtins/run.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Formats "{} and {name.part[0]!r:>8.2f}".format(...) as jinja2's sandbox does. A format that is
// markup escapes what it inserts. Returns INVALID_ARGUMENT for what Python refuses and for results
// beyond the limits of value.h.
Result FormatBraces(std::string_view format, bool markup, const Arguments& arguments, Run& run);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_STRING_FORMAT_H_
