// Compiles a template.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_PARSER_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_PARSER_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/text/template_ast.h"

namespace assay::engine {

// INVALID_ARGUMENT: a syntax error. UNIMPLEMENTED: a construct that is not read yet. Both begin
// with "line N: ". Nesting is limited to 64 levels.
absl::StatusOr<std::vector<Statement>> ParseTemplate(std::string_view source);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_PARSER_H_
