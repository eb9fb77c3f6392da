// Runs a compiled template.
#ifndef ASSAY_ENGINE_JINJA_INTERPRETER_H_
#define ASSAY_ENGINE_JINJA_INTERPRETER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/jinja/syntax/ast.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Bounded in steps, output, length of texts and lists, and depth. `now` is what strftime_now()
// writes. INVALID_ARGUMENT: raise_exception(), an undefined value that is used, an operation that
// its operands don't have, or a bound that is reached; "line N: ...". Thread-safe.
absl::StatusOr<std::string> RunTemplate(const std::vector<Statement>& program, const Map& variables,
                                        absl::Time now);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_INTERPRETER_H_
