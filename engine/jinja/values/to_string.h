// Python's str() and repr() of template values.
#ifndef ASSAY_ENGINE_JINJA_VALUES_TO_STRING_H_
#define ASSAY_ENGINE_JINJA_VALUES_TO_STRING_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Python's str(). Undefined becomes the empty string. Returns INVALID_ARGUMENT for results of more
// than kMaxStringBytes, UNIMPLEMENTED for what Python prints with an address, such as a function or
// a generator.
absl::StatusOr<std::string> ToString(const Value& value);
// Python's repr(). Errors are those of ToString().
absl::StatusOr<std::string> Repr(const Value& value);
// Python's ascii(): repr() with escapes for all characters beyond ASCII.
absl::StatusOr<std::string> ReprInAscii(const Value& value);
std::string ReprOfString(std::string_view text);
// Python's repr() of a float: the shortest digits that parse back to the same number.
std::string ReprOfFloat(double value);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_TO_STRING_H_
