// Compiles the expressions of a template.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_EXPRESSION_PARSER_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_EXPRESSION_PARSER_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/syntax/ast.h"
#include "engine/jinja/syntax/token_stream.h"

namespace assay::jinja {

// Reads expressions with jinja2's precedences off a stream, which must outlive it. Errors: as
// ParseTemplate. Not thread-safe.
class ExpressionParser {
 public:
  using Parsed = absl::StatusOr<Expression>;

  explicit ExpressionParser(TokenStream& tokens) : in_(tokens) {}

  // One expression, with `if`.
  Parsed Whole();
  // One without `if`: conditions, and what a for runs over.
  Parsed Unconditional();
  // One, or several separated by commas: a tuple.
  Parsed WholeOrTuple();
  Parsed UnconditionalOrTuple();
  // `value` through the filters that follow, at least one: name(arguments) | ...
  Parsed Filters(Expression value);

  static Expression Literal(int line, Value value);

 private:
  Parsed Chain(Parsed (ExpressionParser::*next)(),
               std::initializer_list<std::string_view> operators);
  Parsed Logical(Parsed (ExpressionParser::*next)(), std::string_view word);
  Parsed Tuple(Parsed (ExpressionParser::*next)());
  Parsed And();
  Parsed Not();
  Parsed Comparison();
  std::string TakeComparison();
  Parsed Sum();
  Parsed Concatenation();
  Parsed Product();
  Parsed Power();
  Parsed Unary();
  Parsed UnaryOf(bool with_filters);
  Parsed Postfix(Expression value);
  Parsed FiltersAndTests(Expression value);
  Parsed Attribute(Expression object);
  Parsed Subscript(Expression object);
  Parsed Bound();
  Parsed Filter(Expression value);
  Parsed Test(Expression value);
  Parsed OneTest(Expression value, int line);
  Parsed Call(Expression callee);
  absl::Status Arguments(Expression* call);
  Parsed Primary();
  Parsed Number(const Token& token);
  Parsed Parenthesis(int line);
  Parsed List(int line);
  Parsed Dict(int line);

  TokenStream& in_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_EXPRESSION_PARSER_H_
