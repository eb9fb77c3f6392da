// Methods that texts of a template have.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_TEXT_METHODS_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_TEXT_METHODS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "engine/text/template_budget.h"
#include "engine/text/template_value.h"

namespace assay::engine {

bool HasTextMethod(std::string_view name);

// `text` is a text, `name` one of its methods. INVALID_ARGUMENT: what Python refuses, bounds.
absl::StatusOr<TemplateValue> CallTextMethod(const TemplateValue& text, std::string_view name,
                                             const TemplateArguments& arguments,
                                             TemplateBudget& budget);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_TEXT_METHODS_H_
