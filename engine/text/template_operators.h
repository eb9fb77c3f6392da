// What operators do with values of a template: Python's rules.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_OPERATORS_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_OPERATORS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/text/template_budget.h"
#include "engine/text/template_value.h"

namespace assay::engine {

// Every function fails with INVALID_ARGUMENT for operands that Python refuses, for results beyond
// 64 bits and for bounds; none has state.

// + - * / // % **
absl::StatusOr<TemplateValue> Arithmetic(std::string_view op, const TemplateValue& left,
                                         const TemplateValue& right, TemplateBudget& budget);
// - +
absl::StatusOr<TemplateValue> Signed(std::string_view op, const TemplateValue& operand);
// == != < <= > >= in, not in
absl::StatusOr<bool> Compare(std::string_view op, const TemplateValue& left,
                             const TemplateValue& right, TemplateBudget& budget);
// ~, which never escapes: chat templates render without autoescape.
absl::StatusOr<TemplateValue> Concatenate(const std::vector<TemplateValue>& operands);

// container[index]; undefined if there is no such item.
absl::StatusOr<TemplateValue> IndexValue(const TemplateValue& container,
                                         const TemplateValue& index);
absl::StatusOr<TemplateValue> SliceValue(const TemplateValue& container, const TemplateValue& start,
                                         const TemplateValue& stop, const TemplateValue& step,
                                         TemplateBudget& budget);

// `text` with & < > " ' as HTML writes them.
std::string EscapeHtml(std::string_view text);

// Byte offsets of the characters of `text`, and its size at the end.
std::vector<size_t> CharacterOffsets(std::string_view text);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_OPERATORS_H_
