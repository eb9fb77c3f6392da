// Renders a parsed template.
#ifndef ASSAY_ENGINE_JINJA_INTERPRETER_H_
#define ASSAY_ENGINE_JINJA_INTERPRETER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/jinja/syntax/ast.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Renders `program` (of ParseTemplate()) with `variables`, whose keys must be strings. `now` is the
// time that strftime_now() formats.
//
// The run is sandboxed: a template reaches neither code nor files. It is bounded: at most 1,000,000
// steps (budget.h), 4 MiB of output, 200 levels of nesting, and the limits on values in value.h.
//
// Returns INVALID_ARGUMENT "line N: ..." for raise_exception(), for the use of an undefined value,
// for an operation that its operands do not support and for a limit that is exceeded. Returns
// UNIMPLEMENTED for an unsupported operation that only a value reveals. Thread-safe.
absl::StatusOr<std::string> RenderTemplate(const std::vector<Statement>& program,
                                           const Map& variables, absl::Time now);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_INTERPRETER_H_
