// Finds uses of special names in a part of a template.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_NAME_USES_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_NAME_USES_H_

#include <set>
#include <string>
#include <vector>

#include "engine/jinja/syntax/ast.h"

namespace assay::jinja {

// Returns those of `names` that `body` reads before it assigns them, as jinja2's find_undeclared().
std::set<std::string> FindUndeclared(const std::vector<Statement>& body,
                                     std::set<std::string> names);

// True if the loop, or a statement in it, assigns to `name`.
bool AssignsName(const Statement& loop, const std::string& name);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_NAME_USES_H_
