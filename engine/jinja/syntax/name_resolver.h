// Finds the variable of each name of a template.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_NAME_RESOLVER_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_NAME_RESOLVER_H_

#include "absl/status/status.h"
#include "engine/jinja/syntax/ast.h"

namespace assay::jinja {

// Sets the variables and frames of `root`, a statement of the kind kTemplate, by the rules of
// jinja2's compiler. Checks the names of filters and tests, outside of conditions. Returns
// INVALID_ARGUMENT for what jinja2's compiler refuses and UNIMPLEMENTED for a filter that is not
// supported. Both messages begin with "line N: ".
absl::Status ResolveNames(Statement* root);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_NAME_RESOLVER_H_
