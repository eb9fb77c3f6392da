// Python's datetime.strftime() of a time without a time zone.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_LOCAL_TIME_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_LOCAL_TIME_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace assay::jinja {

// Formats `time` in local time as datetime.now().strftime(format) does: %f has six digits, %z and
// %Z are empty, and the C library formats the rest. Returns INVALID_ARGUMENT for a format of more
// than 256 bytes and for a result of more than 64 KiB.
absl::StatusOr<std::string> FormatLocalTime(absl::Time time, std::string_view format);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_LOCAL_TIME_H_
