// Methods that texts, lists and dictionaries of a template have.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_METHODS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_METHODS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// As jinja2's immutable sandbox: methods that change a value do not exist.
bool HasMethod(const Value& value, std::string_view name);

// value.name(arguments); HasMethod() must be true. INVALID_ARGUMENT: what Python refuses, bounds.
absl::StatusOr<Value> CallMethod(const Value& value, std::string_view name,
                                 const Arguments& arguments, Budget& budget);

// Python's strip(), lstrip() and rstrip(): of blanks, or of the characters of `chars`.
std::string_view StripText(std::string_view text, const std::string* chars, bool left, bool right);
// Python's splitlines().
std::vector<std::string_view> SplitLines(std::string_view text, bool keep_ends);
// `text` with `old` replaced at most `count` times (negative: everywhere). INVALID_ARGUMENT: a
// text beyond 4 MiB.
absl::StatusOr<std::string> ReplaceText(std::string_view text, std::string_view old,
                                        std::string_view with, int64_t count);
// The items' texts with `separator` between them. INVALID_ARGUMENT: a text beyond 4 MiB.
absl::StatusOr<std::string> JoinTexts(const std::vector<std::string>& items,
                                      std::string_view separator);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_METHODS_H_
