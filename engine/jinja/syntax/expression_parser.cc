// Compiles the expressions of a template: operators. template_primary_parser.cc has the operands.
#include "engine/jinja/syntax/expression_parser.h"

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/syntax/ast.h"
#include "engine/jinja/syntax/token_stream.h"

namespace assay::jinja {
namespace {

using Kind = TokenKind;
using Parsed = absl::StatusOr<Expression>;
using Level = TokenStream::Level;
using Self = ExpressionParser;

// a if b if c: each is a level of the tree.
constexpr int kMaxChoices = 16;

Expression Empty(ExpressionKind kind, int line, std::string name = "") {
  return {.kind = kind, .line = line, .name = std::move(name)};
}

}  // namespace

Expression Self::Literal(int line, Value value) {
  return {.kind = ExpressionKind::kLiteral, .line = line, .value = std::move(value)};
}

Parsed Self::Whole() {
  const Level level(in_);
  if (level.TooDeep()) return in_.TooDeep();
  Parsed value = Unconditional();
  for (int choices = 0; value.ok() && in_.AcceptName("if"); ++choices) {
    if (choices > kMaxChoices) return in_.NotYet("a chain of 'if' without 'else'", value->line);
    Expression choice = Empty(ExpressionKind::kIf, value->line);
    Parsed condition = Unconditional();
    if (!condition.ok()) return condition;
    Parsed other = Literal(choice.line, Value{});
    if (in_.AcceptName("else")) other = Whole();
    if (!other.ok()) return other;
    choice.operands.push_back(*std::move(value));
    choice.operands.push_back(*std::move(condition));
    choice.operands.push_back(*std::move(other));
    value = std::move(choice);
  }
  return value;
}

Parsed Self::Tuple(Parsed (Self::*next)()) {
  Parsed first = (this->*next)();
  if (!first.ok() || !in_.IsSymbol(",")) return first;
  Expression tuple = Empty(ExpressionKind::kTuple, first->line);
  tuple.operands.push_back(*std::move(first));
  while (in_.AcceptSymbol(",")) {
    const Kind kind = in_.Now().kind;
    if (kind == Kind::kBlockEnd || kind == Kind::kPrintEnd || in_.IsSymbol(")")) break;
    Parsed item = (this->*next)();
    if (!item.ok()) return item;
    tuple.operands.push_back(*std::move(item));
  }
  return tuple;
}

Parsed Self::WholeOrTuple() { return Tuple(&Self::Whole); }
Parsed Self::UnconditionalOrTuple() { return Tuple(&Self::Unconditional); }

Parsed Self::Logical(Parsed (Self::*next)(), std::string_view word) {
  Parsed first = (this->*next)();
  if (!first.ok() || !in_.IsName(word)) return first;
  Expression chain = Empty(ExpressionKind::kLogical, first->line, std::string(word));
  chain.operands.push_back(*std::move(first));
  while (in_.AcceptName(word)) {
    Parsed operand = (this->*next)();
    if (!operand.ok()) return operand;
    chain.operands.push_back(*std::move(operand));
  }
  return chain;
}

Parsed Self::Unconditional() { return Logical(&Self::And, "or"); }
Parsed Self::And() { return Logical(&Self::Not, "and"); }

Parsed Self::Not() {
  const int line = in_.Now().line;
  if (!in_.AcceptName("not")) return Comparison();
  const Level level(in_);
  if (level.TooDeep()) return in_.TooDeep();
  Parsed operand = Not();
  if (!operand.ok()) return operand;
  Expression negation = Empty(ExpressionKind::kUnary, line, "not");
  negation.operands.push_back(*std::move(operand));
  return negation;
}

std::string Self::TakeComparison() {
  if (in_.IsName("not") && in_.Peek().kind == Kind::kName && in_.Peek().text == "in") {
    in_.Take();
    in_.Take();
    return "not in";
  }
  if (in_.AcceptName("in")) return "in";
  return in_.AcceptOne(Kind::kSymbol, {"==", "!=", "<=", ">=", "<", ">"});
}

Parsed Self::Comparison() {
  Parsed first = Sum();
  if (!first.ok()) return first;
  std::string op = TakeComparison();
  if (op.empty()) return first;
  Expression chain = Empty(ExpressionKind::kCompare, first->line);
  chain.operands.push_back(*std::move(first));
  for (; !op.empty(); op = TakeComparison()) {
    Parsed operand = Sum();
    if (!operand.ok()) return operand;
    chain.operands.push_back(*std::move(operand));
    chain.names.push_back(std::move(op));
  }
  return chain;
}

Parsed Self::Chain(Parsed (Self::*next)(), std::initializer_list<std::string_view> operators) {
  Parsed first = (this->*next)();
  if (!first.ok()) return first;
  std::string op = in_.AcceptOne(Kind::kSymbol, operators);
  if (op.empty()) return first;
  Expression chain = Empty(ExpressionKind::kChain, first->line);
  chain.operands.push_back(*std::move(first));
  for (; !op.empty(); op = in_.AcceptOne(Kind::kSymbol, operators)) {
    Parsed operand = (this->*next)();
    if (!operand.ok()) return operand;
    chain.operands.push_back(*std::move(operand));
    chain.names.push_back(std::move(op));
  }
  return chain;
}

Parsed Self::Sum() { return Chain(&Self::Concatenation, {"+", "-"}); }
Parsed Self::Product() { return Chain(&Self::Power, {"*", "/", "//", "%"}); }
Parsed Self::Power() { return Chain(&Self::Unary, {"**"}); }

Parsed Self::Concatenation() {
  Parsed first = Product();
  if (!first.ok() || !in_.IsSymbol("~")) return first;
  Expression chain = Empty(ExpressionKind::kConcat, first->line);
  chain.operands.push_back(*std::move(first));
  while (in_.AcceptSymbol("~")) {
    Parsed operand = Product();
    if (!operand.ok()) return operand;
    chain.operands.push_back(*std::move(operand));
  }
  return chain;
}

Parsed Self::Unary() { return UnaryOf(true); }

// A filter belongs to what stands before it with its sign: -1|abs is 1.
Parsed Self::UnaryOf(bool with_filters) {
  const Token token = in_.Now();
  Parsed value = Literal(token.line, Value{});
  const std::string sign = in_.AcceptOne(Kind::kSymbol, {"-", "+"});
  if (sign.empty()) {
    value = Primary();
  } else {
    const Level level(in_);
    if (level.TooDeep()) return in_.TooDeep();
    Parsed operand = UnaryOf(false);
    if (!operand.ok()) return operand;
    Expression negation = Empty(ExpressionKind::kUnary, token.line, sign);
    negation.operands.push_back(*std::move(operand));
    value = std::move(negation);
  }
  if (!value.ok()) return value;
  value = Postfix(*std::move(value));
  if (!value.ok() || !with_filters) return value;
  return FiltersAndTests(*std::move(value));
}

}  // namespace assay::jinja
