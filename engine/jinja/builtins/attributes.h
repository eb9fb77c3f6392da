// Attributes and items, as jinja2's sandbox gives them to a template.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_ATTRIBUTES_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_ATTRIBUTES_H_

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/jinja/builtins/run.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Each returns undefined if there is no such attribute or item, and for what the sandbox forbids:
// names with a leading underscore and methods that change their value. Each returns
// INVALID_ARGUMENT for an undefined `value`.

// Returns value.name: the attribute, else the item of that name.
Result GetAttribute(const Value& value, std::string_view name, Run& run);
// Returns value[index]: the item, else the attribute of that name.
Result GetItem(const Value& value, const Value& index, Run& run);
// Returns the attribute of `value`, never an item; nullopt if there is none.
absl::StatusOr<std::optional<Value>> FindAttribute(const Value& value, std::string_view name,
                                                   Run& run);

// Resolves the attribute path of a filter: "function.name", "0.id" or a number. A part that is
// missing becomes `fallback`, if that is not None.
Result ResolvePath(const Value& value, const Value& path, const Value& fallback, Run& run);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_ATTRIBUTES_H_
