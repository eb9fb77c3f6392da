// Parses the operands of expressions: literals, names, attributes, calls, filters, tests.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/syntax/ast.h"
#include "engine/jinja/syntax/expression_parser.h"
#include "engine/jinja/syntax/token_stream.h"
#include "engine/jinja/values/number_text.h"

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
  Expression item = MakeExpression(ExpressionKind::kIndex, line, "", std::move(object));
  Expression indices{.kind = ExpressionKind::kTuple, .line = line};
  bool sliced = false;
  while (!in_.AcceptSymbol("]")) {
    if (!indices.operands.empty()) RETURN_IF_ERROR(in_.ExpectSymbol(","));
    Parsed index = ParseSliceBound();
    if (!index.ok()) return index;
    indices.operands.push_back(*std::move(index));
    if (!in_.IsSymbol(":")) continue;
    sliced = true;
    while (indices.operands.size() < 3 && in_.AcceptSymbol(":")) {
      Parsed bound = ParseSliceBound();
      if (!bound.ok()) return bound;
      indices.operands.push_back(*std::move(bound));
    }
    if (!in_.IsSymbol("]")) return in_.Expected("']' after a slice", in_.Current());
  }
  if (sliced) {
    item.kind = ExpressionKind::kSlice;
    for (Expression& bound : indices.operands) item.operands.push_back(std::move(bound));
    while (item.operands.size() < 4) item.operands.push_back(Literal(line, Value::None()));
    return item;
  }
  const bool single = indices.operands.size() == 1;
  item.operands.push_back(single ? std::move(indices.operands[0]) : std::move(indices));
  return item;
}

// Reads a name, which may have dots.
Token Self::ParseDottedName() {
  Token name = in_.Next();
  while (name.kind == Kind::kName && in_.IsSymbol(".") && in_.Peek().kind == Kind::kName) {
    in_.Next();
    name.text += "." + in_.Next().text;
  }
  return name;
}

Parsed Self::ParseFilter(Expression value) {
  const Token name = ParseDottedName();
  if (name.kind != Kind::kName) return in_.Expected("a filter", name);
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
  const Token name = ParseDottedName();
  if (name.kind != Kind::kName) return in_.Expected("a test", name);
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

absl::Status Self::CheckArgumentCount(size_t count) const {
  if (count < kMaxArguments) return absl::OkStatus();
  return TokenStream::Unsupported(absl::StrCat("more than ", kMaxArguments, " arguments"),
                                  in_.Current().line);
}

// Parses comma-separated arguments up to the closing parenthesis and consumes it.
absl::Status Self::ParseArguments(Expression* call) {
  while (!in_.AcceptSymbol(")")) {
    RETURN_IF_ERROR(CheckArgumentCount(call->operands.size()));
    const Token token = in_.Current();
    const bool list = in_.AcceptSymbol("*");
    const bool map = !list && in_.AcceptSymbol("**");
    const bool named = !list && !map && token.kind == Kind::kName &&
                       in_.Peek().kind == Kind::kSymbol && in_.Peek().text == "=";
    if (call->has_map || (list && call->has_list) ||
        (!list && !map && !named && (call->has_list || !call->names.empty()))) {
      return in_.Expected("a named argument", token);
    }
    if (named) {
      if (std::find(call->names.begin(), call->names.end(), token.text) != call->names.end()) {
        return in_.Expected("a name that is not repeated", token);
      }
      in_.Next();
      in_.Next();
    }
    Parsed argument = ParseExpression();
    if (!argument.ok()) return argument.status();
    // A list after which named arguments follow stays at the end.
    const size_t tail = named && call->has_list ? 1 : 0;
    call->operands.insert(call->operands.end() - static_cast<std::ptrdiff_t>(tail),
                          *std::move(argument));
    if (named) call->names.push_back(token.text);
    call->has_list = call->has_list || list;
    call->has_map = call->has_map || map;
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
    const std::optional<double> value = ParseFloat(token.text);
    if (!value.has_value()) return in_.Expected("a number", token);
    return Literal(token.line, Value{*value});
  }
  Result value = ParseInteger(token.text, 0);
  if (!value.ok()) return in_.Expected("an integer of at most 4,300 digits", token);
  return Literal(token.line, *std::move(value));
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
