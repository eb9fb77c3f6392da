// Compiles a template.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_PARSER_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_PARSER_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/jinja/syntax/ast.h"

namespace assay::jinja {

// INVALID_ARGUMENT: a syntax error. UNIMPLEMENTED: a construct that is not read yet. Both begin
// with "line N: ". Nesting is limited to 64 levels.
absl::StatusOr<std::vector<Statement>> ParseTemplate(std::string_view source);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_PARSER_H_
