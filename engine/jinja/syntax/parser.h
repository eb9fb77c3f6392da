// Parses a template.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_PARSER_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_PARSER_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/jinja/syntax/ast.h"

namespace assay::jinja {

// Returns the template `source` as one statement of the kind kTemplate. Returns INVALID_ARGUMENT
// for a syntax error, UNIMPLEMENTED for an unsupported construct and for more than 64 levels of
// nesting. Both messages begin with "line N: ".
absl::StatusOr<std::vector<Statement>> ParseTemplate(std::string_view source);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_PARSER_H_
