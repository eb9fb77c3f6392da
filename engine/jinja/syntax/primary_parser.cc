// Parses the operands of expressions: literals, names, attributes, calls, filters, tests.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/builtins/tests.h"
#include "engine/jinja/syntax/ast.h"
#include "engine/jinja/syntax/expression_parser.h"
#include "engine/jinja/syntax/token_stream.h"

namespace assay::jinja {
namespace {

using Kind = TokenKind;
using Parsed = absl::StatusOr<Expression>;
using Self = ExpressionParser;

// Each part of .a.b(c)|d is a level of the tree.
constexpr int kMaxParts = 64;

Expression MakeExpression(ExpressionKind kind, int line, std::string name, Expression first) {
  Expression expression{.kind = kind, .line = line, .name = std::move(name)};
  expression.operands.push_back(std::move(first));
  return expression;
}

absl::Status TooLong(int line) {
  return TokenStream::Unsupported(absl::StrCat("a chain of more than ", kMaxParts, " parts"), line);
}

}  // namespace

Parsed Self::ParsePostfix(Expression first) {
  Parsed value = std::move(first);
  for (int parts = 0; value.ok(); ++parts) {
    if (parts > kMaxParts) return TooLong(in_.Current().line);
    if (in_.AcceptSymbol(".")) {
      value = ParseAttribute(*std::move(value));
    } else if (in_.AcceptSymbol("[")) {
      value = ParseSubscript(*std::move(value));
    } else if (in_.AcceptSymbol("(")) {
      value = ParseCall(*std::move(value));
    } else {
      return value;
    }
  }
  return value;
}

Parsed Self::ParseFiltersAndTests(Expression first) {
  Parsed value = std::move(first);
  for (int parts = 0; value.ok(); ++parts) {
    if (parts > kMaxParts) return TooLong(in_.Current().line);
    if (in_.AcceptSymbol("|")) {
      value = ParseFilter(*std::move(value));
    } else if (in_.AcceptName("is")) {
      value = ParseTest(*std::move(value));
    } else if (in_.AcceptSymbol("(")) {
      value = ParseCall(*std::move(value));
    } else {
      return value;
    }
  }
  return value;
}

Parsed Self::ParseFilters(Expression first) {
  Parsed value = ParseFilter(std::move(first));
  for (int parts = 0; value.ok() && in_.AcceptSymbol("|"); ++parts) {
    if (parts > kMaxParts) return TooLong(in_.Current().line);
    value = ParseFilter(*std::move(value));
  }
  return value;
}

Parsed Self::ParseAttribute(Expression object) {
  const Token name = in_.Next();
  if (name.kind == Kind::kName) {
    return MakeExpression(ExpressionKind::kAttribute, name.line, name.text, std::move(object));
  }
  if (name.kind != Kind::kInteger) return in_.Expected("a name", name);
  Parsed index = ParseNumber(name);
  if (!index.ok()) return index;
  Expression item = MakeExpression(ExpressionKind::kIndex, name.line, "", std::move(object));
  item.operands.push_back(*std::move(index));
  return item;
}

Parsed Self::ParseSliceBound() {
  if (in_.IsSymbol(":") || in_.IsSymbol("]")) {
    return Literal(in_.Current().line, Value::None());
  }
  return ParseExpression();
}

Parsed Self::ParseSubscript(Expression object) {
  const int line = in_.Current().line;
  if (in_.IsSymbol("]")) return in_.Expected("an index", in_.Current());
  Expression item = MakeExpression(ExpressionKind::kIndex, line, "", std::move(object));
  Parsed first = ParseSliceBound();
  if (!first.ok()) return first;
  item.operands.push_back(*std::move(first));
  if (in_.IsSymbol(":")) item.kind = ExpressionKind::kSlice;
  while (item.operands.size() < 4 && in_.AcceptSymbol(":")) {
    Parsed bound = ParseSliceBound();
    if (!bound.ok()) return bound;
    item.operands.push_back(*std::move(bound));
  }
  if (in_.IsSymbol(",")) return in_.Unsupported("an index of several parts", line);
  while (item.kind == ExpressionKind::kSlice && item.operands.size() < 4) {
    item.operands.push_back(Literal(line, Value::None()));
  }
  RETURN_IF_ERROR(in_.ExpectSymbol("]"));
  return item;
}

Parsed Self::ParseFilter(Expression value) {
  const Token name = in_.Next();
  if (name.kind != Kind::kName) return in_.Expected("a filter", name);
  if (!in_.in_conditional() && !IsFilter(name.text)) {
    return in_.Unsupported(absl::StrCat("filter '", name.text, "'"), name.line);
  }
  Expression filter =
      MakeExpression(ExpressionKind::kFilter, name.line, name.text, std::move(value));
  if (!in_.AcceptSymbol("(")) return filter;
  RETURN_IF_ERROR(ParseArguments(&filter));
  return filter;
}

Parsed Self::ParseTest(Expression value) {
  const int line = in_.Current().line;
  const bool negated = in_.AcceptName("not");
  Parsed test = ParsePositiveTest(std::move(value), line);
  if (!test.ok() || !negated) return test;
  return MakeExpression(ExpressionKind::kUnary, line, "not", *std::move(test));
}

Parsed Self::ParsePositiveTest(Expression value, int line) {
  const Token name = in_.Next();
  if (name.kind != Kind::kName) return in_.Expected("a test", name);
  if (!in_.in_conditional() && !IsTest(name.text)) {
    return in_.Unsupported(absl::StrCat("test '", name.text, "'"), line);
  }
  Expression test = MakeExpression(ExpressionKind::kTest, line, name.text, std::move(value));
  if (in_.AcceptSymbol("(")) {
    RETURN_IF_ERROR(ParseArguments(&test));
    return test;
  }
  const Kind kind = in_.Current().kind;
  const bool word =
      kind == Kind::kName && !in_.IsName("else") && !in_.IsName("or") && !in_.IsName("and");
  if (in_.IsName("is")) return in_.Expected("one test", in_.Current());
  if (!word && kind != Kind::kString && kind != Kind::kInteger && kind != Kind::kFloat &&
      !in_.IsSymbol("[") && !in_.IsSymbol("{")) {
    return test;
  }
  Parsed argument = ParsePrimary();
  if (argument.ok()) argument = ParsePostfix(*std::move(argument));
  if (!argument.ok()) return argument;
  test.operands.push_back(*std::move(argument));
  return test;
}

Parsed Self::ParseCall(Expression callee) {
  Expression call =
      MakeExpression(ExpressionKind::kCall, in_.Current().line, "", std::move(callee));
  RETURN_IF_ERROR(ParseArguments(&call));
  return call;
}

// Parses comma-separated arguments up to the closing parenthesis and consumes it.
absl::Status Self::ParseArguments(Expression* call) {
  while (!in_.AcceptSymbol(")")) {
    const Token token = in_.Current();
    if (in_.IsSymbol("*") || in_.IsSymbol("**")) {
      return in_.Unsupported("an argument with '*'", token.line);
    }
    if (token.kind == Kind::kName && in_.Peek().kind == Kind::kSymbol && in_.Peek().text == "=") {
      call->names.push_back(token.text);
      in_.Next();
      in_.Next();
    } else if (!call->names.empty()) {
      return in_.Expected("a named argument", token);
    }
    Parsed argument = ParseExpression();
    if (!argument.ok()) return argument.status();
    call->operands.push_back(*std::move(argument));
    if (in_.IsSymbol(")")) continue;
    RETURN_IF_ERROR(in_.ExpectSymbol(","));
  }
  return absl::OkStatus();
}

Parsed Self::ParsePrimary() {
  const Token token = in_.Next();
  if (token.kind == Kind::kString) {
    std::string text = token.text;
    while (in_.Current().kind == Kind::kString) text += in_.Next().text;
    return Literal(token.line, Value::String(std::move(text)));
  }
  if (token.kind == Kind::kInteger || token.kind == Kind::kFloat) return ParseNumber(token);
  if (token.kind == Kind::kName) {
    const std::string& name = token.text;
    if (name == "true" || name == "True") return Literal(token.line, Value{true});
    if (name == "false" || name == "False") return Literal(token.line, Value{false});
    if (name == "none" || name == "None") return Literal(token.line, Value::None());
    return Expression{.kind = ExpressionKind::kName, .line = token.line, .name = name};
  }
  if (token.kind != Kind::kSymbol) return in_.Expected("a value", token);
  if (token.text == "(") return ParseParenthesis(token.line);
  if (token.text == "[") return ParseList(token.line);
  if (token.text == "{") return ParseDict(token.line);
  return in_.Expected("a value", token);
}

Parsed Self::ParseNumber(const Token& token) {
  if (token.kind == Kind::kFloat) {
    double value = 0;
    if (!absl::SimpleAtod(token.text, &value)) return in_.Expected("a number in range", token);
    return Literal(token.line, Value{value});
  }
  int64_t value = 0;
  if (!absl::SimpleAtoi(token.text, &value)) return in_.Expected("a number in range", token);
  return Literal(token.line, Value{value});
}

Parsed Self::ParseParenthesis(int line) {
  if (in_.AcceptSymbol(")")) return Expression{.kind = ExpressionKind::kTuple, .line = line};
  Parsed inner = ParseExpressionOrTuple();
  if (!inner.ok()) return inner;
  RETURN_IF_ERROR(in_.ExpectSymbol(")"));
  return inner;
}

Parsed Self::ParseList(int line) {
  Expression list{.kind = ExpressionKind::kList, .line = line};
  while (!in_.AcceptSymbol("]")) {
    Parsed item = ParseExpression();
    if (!item.ok()) return item;
    list.operands.push_back(*std::move(item));
    if (in_.IsSymbol("]")) continue;
    RETURN_IF_ERROR(in_.ExpectSymbol(","));
  }
  return list;
}

Parsed Self::ParseDict(int line) {
  Expression dict{.kind = ExpressionKind::kDict, .line = line};
  while (!in_.AcceptSymbol("}")) {
    for (const bool key : {true, false}) {
      Parsed part = ParseExpression();
      if (!part.ok()) return part;
      dict.operands.push_back(*std::move(part));
      if (!key) continue;
      RETURN_IF_ERROR(in_.ExpectSymbol(":"));
    }
    if (in_.IsSymbol("}")) continue;
    RETURN_IF_ERROR(in_.ExpectSymbol(","));
  }
  return dict;
}

}  // namespace assay::jinja
