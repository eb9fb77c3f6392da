// A compiled template.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_AST_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_AST_H_

#include <string>
#include <vector>

#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Chains are flat (a + b - c is one expression of three operands), so that the tree's depth is
// bounded by the parser's.
enum class ExpressionKind {
  kLiteral,    // value
  kName,       // name
  kAttribute,  // operands[0].name
  kIndex,      // operands[0][operands[1]]
  kSlice,      // operands[0][operands[1] : operands[2] : operands[3]]; none: a literal None
  kUnary,      // name ("not", "-", "+") operands[0]
  kChain,      // operands[0] names[0] operands[1] names[1] ..., from the left
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

// Arguments are the operands after the first; the last names.size() of them are named.
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
  kIf,        // branches in order; an else has a literal true
  kFor,       // target in expression if filter: body, else otherwise
  kSet,       // target = expression
  kSetBlock,  // target = text of body, through expression if `filtered` (see kBlockInput)
  kFilter,    // prints the text of body through expression
  kWith,      // targets = defaults: body
  kMacro,     // text(targets = defaults): body
  kScope,     // generation: body in a scope of its own
  kBreak,
  kContinue,
};

// The name under which a filter over a block's text finds that text; no template can write it.
inline constexpr char kBlockInput[] = "{block}";

// What is assigned to: a name, name.attribute of a namespace, or several to unpack.
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
  std::vector<Expression> filter;  // None or one.
  std::vector<Branch> branches;
  std::vector<Statement> body;
  std::vector<Statement> otherwise;
  std::vector<Target> targets;
  std::vector<Expression> defaults;  // Of the last targets of a macro; of all of a with.
};

struct Statement::Branch {
  Expression condition;
  std::vector<Statement> body;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_AST_H_
