// A compiled template.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_AST_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_AST_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/text/template_value.h"

namespace assay::engine {

enum class ExpressionKind {
  kLiteral,  // value
  kName,     // name
  kIndex,    // operands[0][operands[1]]
  kSlice,    // operands[0][operands[1] : operands[2]]; a missing bound is a literal None
  kUnary,    // name ("not", "-") operands[0]
  kBinary,   // operands[0] name ("and", "==", "+", "in", ...) operands[1]
  kIf,       // operands[0] if operands[1] else operands[2]
  kTest,     // operands[0] is name ("defined", "none", ...), negated by a kUnary around it
  kFilter,   // operands[0] | name
  kCall,     // name(operands...), a function
  kMethod,   // operands[0].name(operands[1]...)
  kList,     // [operands...]
};

struct Expression {
  ExpressionKind kind;
  int line;
  std::string name;
  TemplateValue value;
  std::vector<Expression> operands;
};

enum class StatementKind {
  kText,   // text
  kPrint,  // expression
  kIf,     // branches in order; an else has a literal true
  kFor,    // name in expression: body
  kSet,    // name = expression
};

struct Statement {
  struct Branch;

  StatementKind kind;
  int line;
  std::string text;
  Expression expression;
  std::vector<Branch> branches;
  std::vector<Statement> body;
};

struct Statement::Branch {
  Expression condition;
  std::vector<Statement> body;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_AST_H_
