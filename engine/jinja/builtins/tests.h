// Tests of a template: value is name(arguments).
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_TESTS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_TESTS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

bool IsTemplateTest(std::string_view name);

// IsTemplateTest(name) must be true for names of the template's own; INVALID_ARGUMENT: a name that
// is no test, or what Python refuses.
absl::StatusOr<bool> RunTemplateTest(std::string_view name, const Value& value,
                                     const Arguments& arguments, Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_TESTS_H_
