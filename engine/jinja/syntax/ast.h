// The abstract syntax tree of a template.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_AST_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_AST_H_

#include <string>
#include <vector>

#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Chains are flat (a + b - c is one expression with three operands), so that the parser's limit on
// nesting also bounds the depth of the tree.
enum class ExpressionKind {
  kLiteral,    // value
  kName,       // name
  kAttribute,  // operands[0].name
  kIndex,      // operands[0][operands[1]]
  kSlice,      // operands[0][operands[1] : operands[2] : operands[3]]; an absent bound is None
  kUnary,      // name ("not", "-", "+") operands[0]
  kChain,      // operands[0] names[0] operands[1] names[1] ..., from left to right
  kLogical,    // name ("and", "or") between the operands
  kCompare,    // operands[0] names[0] operands[1] and operands[1] names[1] operands[2] ...
  kConcat,     // operands joined with ~
  kIf,         // operands[0] if operands[1] else operands[2]
  kTest,       // operands[0] is name(arguments)
  kFilter,     // operands[0] | name(arguments)
  kCall,       // operands[0](arguments)
  kList,       // [operands...]
  kTuple,      // (operands...)
  kDict,       // {operands[0]: operands[1], ...}
};

// The arguments of a call, test or filter are the operands after the first. The last names.size()
// of them are named.
struct Expression {
  ExpressionKind kind;
  int line;
  std::string name;
  Value value;
  std::vector<Expression> operands;
  std::vector<std::string> names;
};

enum class StatementKind {
  kText,      // text
  kPrint,     // expression
  kIf,        // branches in order; an else has the literal true as its condition
  kFor,       // for target in expression if filter: body, else otherwise
  kSet,       // target = expression
  kSetBlock,  // target = the output of body, through expression (see kBlockInput)
  kFilter,    // prints the output of body, through expression
  kWith,      // targets = defaults: body
  kMacro,     // text(targets = defaults): body
  kScope,     // a `generation` block: body in a scope of its own
  kBreak,
  kContinue,
};

// The name under which a filter over a block finds the output of the block. No template can contain
// it as a name.
inline constexpr char kBlockInput[] = "{block}";

// The target of an assignment: a name, name.attribute of a namespace, or several targets to unpack
// into.
struct Target {
  std::string name;
  std::string attribute;
  std::vector<Target> items;
};

struct Statement {
  struct Branch;

  StatementKind kind;
  int line;
  std::string text;
  Target target;
  Expression expression;
  std::vector<Expression> filter;  // Empty or one expression.
  std::vector<Branch> branches;
  std::vector<Statement> body;
  std::vector<Statement> otherwise;
  std::vector<Target> targets;
  // A macro has defaults for its last targets, a `with` for all of them.
  std::vector<Expression> defaults;
};

struct Statement::Branch {
  Expression condition;
  std::vector<Statement> body;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_AST_H_
