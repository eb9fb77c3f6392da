// The functions that every template has.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_FUNCTIONS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_FUNCTIONS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/jinja/builtins/run.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Returns range, dict, namespace, cycler, joiner, lipsum, raise_exception and strftime_now by name.
// strftime_now formats `now` in local time. lipsum returns UNIMPLEMENTED, because its text is
// random.
absl::StatusOr<std::vector<std::pair<std::string, Value>>> BuiltinFunctions(absl::Time now,
                                                                            Run& run);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_FUNCTIONS_H_
