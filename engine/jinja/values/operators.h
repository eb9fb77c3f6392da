// What operators do with values of a template: Python's rules.
#ifndef ASSAY_ENGINE_JINJA_VALUES_OPERATORS_H_
#define ASSAY_ENGINE_JINJA_VALUES_OPERATORS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Every function fails with INVALID_ARGUMENT for operands that Python refuses, for results beyond
// 64 bits and for bounds; none has state.

// + - * / // % **
absl::StatusOr<Value> Arithmetic(std::string_view op, const Value& left, const Value& right,
                                 Budget& budget);
// - +
absl::StatusOr<Value> Signed(std::string_view op, const Value& operand);
// == != < <= > >= in, not in
absl::StatusOr<bool> Compare(std::string_view op, const Value& left, const Value& right,
                             Budget& budget);
// ~, which never escapes: chat templates render without autoescape.
absl::StatusOr<Value> Concatenate(const std::vector<Value>& operands);

// container[index]; undefined if there is no such item.
absl::StatusOr<Value> IndexValue(const Value& container, const Value& index);
absl::StatusOr<Value> SliceValue(const Value& container, const Value& start, const Value& stop,
                                 const Value& step, Budget& budget);

// `text` with & < > " ' as HTML writes them.
std::string EscapeHtml(std::string_view text);

// Byte offsets of the characters of `text`, and its size at the end.
std::vector<size_t> CharacterOffsets(std::string_view text);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_OPERATORS_H_
