// Python's format(value, specification).
#ifndef ASSAY_ENGINE_JINJA_VALUES_FORMAT_SPEC_H_
#define ASSAY_ENGINE_JINJA_VALUES_FORMAT_SPEC_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Reads [[fill]align][sign][z][#][0][width][grouping][.precision][type]. Returns INVALID_ARGUMENT
// for what Python refuses and for widths and precisions beyond number_format.h.
absl::StatusOr<std::string> FormatValue(const Value& value, std::string_view spec);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_FORMAT_SPEC_H_
