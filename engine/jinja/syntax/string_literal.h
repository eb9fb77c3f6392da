// String literals of a template.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_STRING_LITERAL_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_STRING_LITERAL_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay::jinja {

// What stands between the quotes, with Python's escapes resolved; unknown ones stay as they are.
// INVALID_ARGUMENT: an escape that is cut short or names no character. UNIMPLEMENTED: \N{...}.
absl::StatusOr<std::string> ReadStringLiteral(std::string_view body);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_STRING_LITERAL_H_
