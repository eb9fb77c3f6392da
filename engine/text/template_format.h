// Python's two ways to fill a text with values.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_FORMAT_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_FORMAT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/text/template_budget.h"
#include "engine/text/template_value.h"

namespace assay::engine {

// "%s and %d" % (a, b): %s %r %d %i %u %x %X %o %c %e %f %g with flags, width, precision and
// (name). INVALID_ARGUMENT: what Python refuses, widths beyond 10,000.
absl::StatusOr<TemplateValue> FormatPercent(std::string_view format, const TemplateValue& values,
                                            TemplateBudget& budget);

// "{} and {name:>8.2f}".format(...). UNIMPLEMENTED: fields of fields ({a.b}, {a[0]}), conversions
// and specifications other than [[fill]align][sign][0][width][,][.precision][type].
absl::StatusOr<TemplateValue> FormatBraces(std::string_view format,
                                           const TemplateArguments& arguments,
                                           TemplateBudget& budget);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_FORMAT_H_
