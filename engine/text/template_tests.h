// Tests of a template: value is name(arguments).
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_TESTS_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_TESTS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "engine/text/template_budget.h"
#include "engine/text/template_value.h"

namespace assay::engine {

bool IsTemplateTest(std::string_view name);

// IsTemplateTest(name) must be true for names of the template's own; INVALID_ARGUMENT: a name that
// is no test, or what Python refuses.
absl::StatusOr<bool> RunTemplateTest(std::string_view name, const TemplateValue& value,
                                     const TemplateArguments& arguments, TemplateBudget& budget);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_TESTS_H_
