// Python's two ways to format a string: the operator % and str.format().
#ifndef ASSAY_ENGINE_JINJA_VALUES_FORMAT_H_
#define ASSAY_ENGINE_JINJA_VALUES_FORMAT_H_

#include <string_view>

#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Formats "%s and %d" % (a, b). Reads %s %r %d %i %u %x %X %o %c %e %f %g with flags, width,
// precision and (name). Returns INVALID_ARGUMENT for what Python refuses and for widths of more
// than 10,000.
Result FormatPercent(std::string_view format, const Value& values, Budget& budget);

// Formats "{} and {name:>8.2f}".format(...). Returns UNIMPLEMENTED for fields of fields ({a.b},
// {a[0]}), for conversions, and for specifications other than
// [[fill]align][sign][0][width][,][.precision][type].
Result FormatBraces(std::string_view format, const Arguments& arguments, Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_FORMAT_H_
