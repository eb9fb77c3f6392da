// What jinja2's compiler computes before a template runs.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_CONSTANT_FOLDING_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_CONSTANT_FOLDING_H_

#include "absl/status/status.h"
#include "engine/jinja/syntax/ast.h"

namespace assay::jinja {

// Each sets the folding of the largest constants that have slices: of an expression, or of what a
// kPrint statement prints.
void MarkConstants(Expression& expression);
void MarkPrintedConstants(Statement& print);

// Checks the keys of constant dictionaries within operators, calls and filters. jinja2's compiler
// computes them, even where the template does not run them. Returns INVALID_ARGUMENT
// "line N: ..." for a key that cannot be hashed.
absl::Status CheckKeys(const Expression& expression);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_CONSTANT_FOLDING_H_
