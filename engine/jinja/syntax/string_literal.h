// Unescapes the string literals of a template.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_STRING_LITERAL_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_STRING_LITERAL_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace assay::jinja {

// Returns `body`, the part of a literal between its quotes, with Python's escapes resolved. Unknown
// escapes stay as they are. Returns INVALID_ARGUMENT for an escape that is incomplete or encodes no
// character, UNIMPLEMENTED for \N{...}.
absl::StatusOr<std::string> UnescapeString(std::string_view body);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_STRING_LITERAL_H_
