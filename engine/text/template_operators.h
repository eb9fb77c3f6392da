// What values of a template can do; Python's meaning.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_OPERATORS_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_OPERATORS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/text/template_value.h"

namespace assay::engine {

// All give INVALID_ARGUMENT for operands that the operation does not take, with their types. Pure.

// "a string", "undefined".
std::string TypeName(const TemplateValue& value);

// As {{ value }} prints it: undefined prints nothing, true prints True.
absl::StatusOr<std::string> TextOf(const TemplateValue& value);

absl::StatusOr<TemplateValue> IndexValue(const TemplateValue& object, const TemplateValue& key);
absl::StatusOr<TemplateValue> SliceValue(const TemplateValue& object, const TemplateValue& begin,
                                         const TemplateValue& end);
absl::StatusOr<TemplateValue> UnaryValue(const std::string& op, const TemplateValue& value);
absl::StatusOr<TemplateValue> BinaryValue(const std::string& op, const TemplateValue& left,
                                          const TemplateValue& right);
bool TestValue(const std::string& test, const TemplateValue& value);
absl::StatusOr<TemplateValue> FilterValue(const std::string& filter, const TemplateValue& value);
// operands[0] is the object.
absl::StatusOr<TemplateValue> CallMethod(const std::string& method,
                                         const std::vector<TemplateValue>& operands);
// Always an error: the template refuses its input, with its own words.
absl::Status RaiseException(const std::vector<TemplateValue>& arguments);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_OPERATORS_H_
