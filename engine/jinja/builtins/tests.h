// The tests of a template: value is name(arguments).
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_TESTS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_TESTS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

bool IsTest(std::string_view name);

// Returns whether `value` passes the test. Returns UNIMPLEMENTED for a name that is not a test,
// INVALID_ARGUMENT for what Python refuses.
absl::StatusOr<bool> ApplyTest(std::string_view name, const Value& value,
                               const Arguments& arguments, Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_TESTS_H_
