// Parses the operators of expressions; primary_parser.cc parses the operands.
//
// One level of nesting recurses through all precedences and needs about 7 KB of stack, so 64 levels
// fit into the 512 KiB of a thread on macOS. These functions do not use ASSIGN_OR_RETURN, because
// it keeps a second copy of each expression on the stack.
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
using NestingGuard = TokenStream::NestingGuard;
using Self = ExpressionParser;

// Each "if" of a chain (a if b if c) is a level of the tree.
constexpr int kMaxChoices = 16;

Expression MakeExpression(ExpressionKind kind, int line, std::string name = "") {
  return {.kind = kind, .line = line, .name = std::move(name)};
}

}  // namespace

Expression Self::Literal(int line, Value value) {
  return {.kind = ExpressionKind::kLiteral, .line = line, .value = std::move(value)};
}

Parsed Self::ParseExpression() {
  const NestingGuard nesting(in_);
  if (nesting.IsTooDeep()) return in_.TooDeepError();
  Parsed value = ParseUnconditional();
  for (int choices = 0; value.ok() && in_.AcceptName("if"); ++choices) {
    if (choices > kMaxChoices) {
      return in_.Unsupported("a long chain of 'if' without 'else'", value->line);
    }
    Expression choice = MakeExpression(ExpressionKind::kIf, value->line);
    Parsed condition = ParseUnconditional();
    if (!condition.ok()) return condition;
    Parsed other = Literal(choice.line, Value{});
    if (in_.AcceptName("else")) other = ParseExpression();
    if (!other.ok()) return other;
    choice.operands.push_back(*std::move(value));
    choice.operands.push_back(*std::move(condition));
    choice.operands.push_back(*std::move(other));
    value = std::move(choice);
  }
  return value;
}

Parsed Self::ParseTuple(Parsed (Self::*next)()) {
  Parsed first = (this->*next)();
  if (!first.ok() || !in_.IsSymbol(",")) return first;
  Expression tuple = MakeExpression(ExpressionKind::kTuple, first->line);
  tuple.operands.push_back(*std::move(first));
  while (in_.AcceptSymbol(",")) {
    const Kind kind = in_.Current().kind;
    if (kind == Kind::kBlockEnd || kind == Kind::kPrintEnd || in_.IsSymbol(")")) break;
    Parsed item = (this->*next)();
    if (!item.ok()) return item;
    tuple.operands.push_back(*std::move(item));
  }
  return tuple;
}

Parsed Self::ParseExpressionOrTuple() { return ParseTuple(&Self::ParseExpression); }
Parsed Self::ParseUnconditionalOrTuple() { return ParseTuple(&Self::ParseUnconditional); }

Parsed Self::ParseLogical(Parsed (Self::*next)(), std::string_view word) {
  Parsed first = (this->*next)();
  if (!first.ok() || !in_.IsName(word)) return first;
  Expression chain = MakeExpression(ExpressionKind::kLogical, first->line, std::string(word));
  chain.operands.push_back(*std::move(first));
  while (in_.AcceptName(word)) {
    Parsed operand = (this->*next)();
    if (!operand.ok()) return operand;
    chain.operands.push_back(*std::move(operand));
  }
  return chain;
}

Parsed Self::ParseUnconditional() { return ParseLogical(&Self::ParseAnd, "or"); }
Parsed Self::ParseAnd() { return ParseLogical(&Self::ParseNot, "and"); }

Parsed Self::ParseNot() {
  const int line = in_.Current().line;
  if (!in_.AcceptName("not")) return ParseComparison();
  const NestingGuard nesting(in_);
  if (nesting.IsTooDeep()) return in_.TooDeepError();
  Parsed operand = ParseNot();
  if (!operand.ok()) return operand;
  Expression negation = MakeExpression(ExpressionKind::kUnary, line, "not");
  negation.operands.push_back(*std::move(operand));
  return negation;
}

std::string Self::NextComparison() {
  if (in_.IsName("not") && in_.Peek().kind == Kind::kName && in_.Peek().text == "in") {
    in_.Next();
    in_.Next();
    return "not in";
  }
  if (in_.AcceptName("in")) return "in";
  return in_.AcceptOne(Kind::kSymbol, {"==", "!=", "<=", ">=", "<", ">"});
}

Parsed Self::ParseComparison() {
  Parsed first = ParseSum();
  if (!first.ok()) return first;
  std::string op = NextComparison();
  if (op.empty()) return first;
  Expression chain = MakeExpression(ExpressionKind::kCompare, first->line);
  chain.operands.push_back(*std::move(first));
  for (; !op.empty(); op = NextComparison()) {
    Parsed operand = ParseSum();
    if (!operand.ok()) return operand;
    chain.operands.push_back(*std::move(operand));
    chain.names.push_back(std::move(op));
  }
  return chain;
}

Parsed Self::ParseChain(Parsed (Self::*next)(), std::initializer_list<std::string_view> operators) {
  Parsed first = (this->*next)();
  if (!first.ok()) return first;
  std::string op = in_.AcceptOne(Kind::kSymbol, operators);
  if (op.empty()) return first;
  Expression chain = MakeExpression(ExpressionKind::kChain, first->line);
  chain.operands.push_back(*std::move(first));
  for (; !op.empty(); op = in_.AcceptOne(Kind::kSymbol, operators)) {
    Parsed operand = (this->*next)();
    if (!operand.ok()) return operand;
    chain.operands.push_back(*std::move(operand));
    chain.names.push_back(std::move(op));
  }
  return chain;
}

Parsed Self::ParseSum() { return ParseChain(&Self::ParseConcatenation, {"+", "-"}); }
Parsed Self::ParseProduct() { return ParseChain(&Self::ParsePower, {"*", "/", "//", "%"}); }
Parsed Self::ParsePower() { return ParseChain(&Self::ParseUnary, {"**"}); }

Parsed Self::ParseConcatenation() {
  Parsed first = ParseProduct();
  if (!first.ok() || !in_.IsSymbol("~")) return first;
  Expression chain = MakeExpression(ExpressionKind::kConcat, first->line);
  chain.operands.push_back(*std::move(first));
  while (in_.AcceptSymbol("~")) {
    Parsed operand = ParseProduct();
    if (!operand.ok()) return operand;
    chain.operands.push_back(*std::move(operand));
  }
  return chain;
}

Parsed Self::ParseUnary() { return ParseSigned(true); }

// A filter applies to the operand including its sign: -1|abs is 1.
Parsed Self::ParseSigned(bool with_filters) {
  const Token token = in_.Current();
  Parsed value = Literal(token.line, Value{});
  const std::string sign = in_.AcceptOne(Kind::kSymbol, {"-", "+"});
  if (sign.empty()) {
    value = ParsePrimary();
  } else {
    const NestingGuard nesting(in_);
    if (nesting.IsTooDeep()) return in_.TooDeepError();
    Parsed operand = ParseSigned(false);
    if (!operand.ok()) return operand;
    Expression negation = MakeExpression(ExpressionKind::kUnary, token.line, sign);
    negation.operands.push_back(*std::move(operand));
    value = std::move(negation);
  }
  if (!value.ok()) return value;
  value = ParsePostfix(*std::move(value));
  if (!value.ok() || !with_filters) return value;
  return ParseFiltersAndTests(*std::move(value));
}

}  // namespace assay::jinja
