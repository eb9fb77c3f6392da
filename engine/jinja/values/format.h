// Python's two ways to fill a text with values.
#ifndef ASSAY_ENGINE_JINJA_VALUES_FORMAT_H_
#define ASSAY_ENGINE_JINJA_VALUES_FORMAT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// "%s and %d" % (a, b): %s %r %d %i %u %x %X %o %c %e %f %g with flags, width, precision and
// (name). INVALID_ARGUMENT: what Python refuses, widths beyond 10,000.
absl::StatusOr<Value> FormatPercent(std::string_view format, const Value& values, Budget& budget);

// "{} and {name:>8.2f}".format(...). UNIMPLEMENTED: fields of fields ({a.b}, {a[0]}), conversions
// and specifications other than [[fill]align][sign][0][width][,][.precision][type].
absl::StatusOr<Value> FormatBraces(std::string_view format, const Arguments& arguments,
                                   Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_FORMAT_H_
