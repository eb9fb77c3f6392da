// Parses the expressions of a template.
#ifndef ASSAY_ENGINE_JINJA_SYNTAX_EXPRESSION_PARSER_H_
#define ASSAY_ENGINE_JINJA_SYNTAX_EXPRESSION_PARSER_H_

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/syntax/ast.h"
#include "engine/jinja/syntax/token_stream.h"

namespace assay::jinja {

// A recursive-descent parser with jinja2's precedences. It consumes tokens from a stream, which
// must outlive it. Errors are those of ParseTemplate(). Not thread-safe.
class ExpressionParser {
 public:
  using Parsed = absl::StatusOr<Expression>;

  // The limit of the arguments of a call and of the parameters of a macro, which are compared with
  // one another.
  static constexpr size_t kMaxArguments = 255;

  explicit ExpressionParser(TokenStream& tokens) : in_(tokens) {}

  // Parses one expression, including "a if b else c".
  Parsed ParseExpression();
  // Parses one expression without "if": a condition, or the iterable of a for.
  Parsed ParseUnconditional();
  // Each parses one expression, or a tuple of several that commas separate.
  Parsed ParseExpressionOrTuple();
  Parsed ParseUnconditionalOrTuple();
  // Parses one or more filters that apply to `value`: name(arguments) | ...
  Parsed ParseFilters(Expression value);

  // Returns UNIMPLEMENTED if there are as many arguments as are supported.
  absl::Status CheckArgumentCount(size_t count) const;

  static Expression Literal(int line, Value value);

 private:
  Parsed ParseChain(Parsed (ExpressionParser::*next)(),
                    std::initializer_list<std::string_view> operators);
  Parsed ParseLogical(Parsed (ExpressionParser::*next)(), std::string_view word);
  Parsed ParseTuple(Parsed (ExpressionParser::*next)());
  Parsed ParseAnd();
  Parsed ParseNot();
  Parsed ParseComparison();
  // Consumes a comparison operator and returns it; returns "" if there is none.
  std::string NextComparison();
  Parsed ParseSum();
  Parsed ParseConcatenation();
  Parsed ParseProduct();
  Parsed ParsePower();
  Parsed ParseUnary();
  Parsed ParseSigned(bool with_filters);
  Parsed ParsePostfix(Expression value);
  Parsed ParseFiltersAndTests(Expression value);
  Parsed ParseAttribute(Expression object);
  Parsed ParseSubscript(Expression object);
  Parsed ParseSliceBound();
  Token ParseDottedName();
  Parsed ParseFilter(Expression value);
  Parsed ParseTest(Expression value);
  Parsed ParsePositiveTest(Expression value, int line);
  Parsed ParseCall(Expression callee);
  absl::Status ParseArguments(Expression* call);
  Parsed ParsePrimary();
  Parsed ParseNumber(const Token& token);
  Parsed ParseParenthesis(int line);
  Parsed ParseList(int line);
  Parsed ParseDict(int line);

  TokenStream& in_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SYNTAX_EXPRESSION_PARSER_H_
