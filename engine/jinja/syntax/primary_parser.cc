// Compiles the operands of a template's expressions: literals, names, attributes, calls, filters,
// tests.
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

// .a.b(c)|d: each is a level of the tree.
constexpr int kMaxParts = 64;

Expression Of(ExpressionKind kind, int line, std::string name, Expression first) {
  Expression expression{.kind = kind, .line = line, .name = std::move(name)};
  expression.operands.push_back(std::move(first));
  return expression;
}

absl::Status TooLong(int line) {
  return TokenStream::NotYet(absl::StrCat("a chain of more than ", kMaxParts, " parts"), line);
}

}  // namespace

Parsed Self::Postfix(Expression first) {
  Parsed value = std::move(first);
  for (int parts = 0; value.ok(); ++parts) {
    if (parts > kMaxParts) return TooLong(in_.Now().line);
    if (in_.AcceptSymbol(".")) {
      value = Attribute(*std::move(value));
    } else if (in_.AcceptSymbol("[")) {
      value = Subscript(*std::move(value));
    } else if (in_.AcceptSymbol("(")) {
      value = Call(*std::move(value));
    } else {
      return value;
    }
  }
  return value;
}

Parsed Self::FiltersAndTests(Expression first) {
  Parsed value = std::move(first);
  for (int parts = 0; value.ok(); ++parts) {
    if (parts > kMaxParts) return TooLong(in_.Now().line);
    if (in_.AcceptSymbol("|")) {
      value = Filter(*std::move(value));
    } else if (in_.AcceptName("is")) {
      value = Test(*std::move(value));
    } else if (in_.AcceptSymbol("(")) {
      value = Call(*std::move(value));
    } else {
      return value;
    }
  }
  return value;
}

Parsed Self::Filters(Expression first) {
  Parsed value = Filter(std::move(first));
  for (int parts = 0; value.ok() && in_.AcceptSymbol("|"); ++parts) {
    if (parts > kMaxParts) return TooLong(in_.Now().line);
    value = Filter(*std::move(value));
  }
  return value;
}

Parsed Self::Attribute(Expression object) {
  const Token name = in_.Take();
  if (name.kind == Kind::kName) {
    return Of(ExpressionKind::kAttribute, name.line, name.text, std::move(object));
  }
  if (name.kind != Kind::kInteger) return in_.Expected("a name", name);
  Parsed index = Number(name);
  if (!index.ok()) return index;
  Expression item = Of(ExpressionKind::kIndex, name.line, "", std::move(object));
  item.operands.push_back(*std::move(index));
  return item;
}

Parsed Self::Bound() {
  if (in_.IsSymbol(":") || in_.IsSymbol("]")) {
    return Literal(in_.Now().line, Value::None());
  }
  return Whole();
}

Parsed Self::Subscript(Expression object) {
  const int line = in_.Now().line;
  if (in_.IsSymbol("]")) return in_.Expected("an index", in_.Now());
  Expression item = Of(ExpressionKind::kIndex, line, "", std::move(object));
  Parsed first = Bound();
  if (!first.ok()) return first;
  item.operands.push_back(*std::move(first));
  if (in_.IsSymbol(":")) item.kind = ExpressionKind::kSlice;
  while (item.operands.size() < 4 && in_.AcceptSymbol(":")) {
    Parsed bound = Bound();
    if (!bound.ok()) return bound;
    item.operands.push_back(*std::move(bound));
  }
  if (in_.IsSymbol(",")) return in_.NotYet("an index of several parts", line);
  while (item.kind == ExpressionKind::kSlice && item.operands.size() < 4) {
    item.operands.push_back(Literal(line, Value::None()));
  }
  RETURN_IF_ERROR(in_.ExpectSymbol("]"));
  return item;
}

Parsed Self::Filter(Expression value) {
  const Token name = in_.Take();
  if (name.kind != Kind::kName) return in_.Expected("a filter", name);
  if (!in_.conditional() && !IsTemplateFilter(name.text)) {
    return in_.NotYet(absl::StrCat("filter '", name.text, "'"), name.line);
  }
  Expression filter = Of(ExpressionKind::kFilter, name.line, name.text, std::move(value));
  if (!in_.AcceptSymbol("(")) return filter;
  RETURN_IF_ERROR(Arguments(&filter));
  return filter;
}

Parsed Self::Test(Expression value) {
  const int line = in_.Now().line;
  const bool negated = in_.AcceptName("not");
  Parsed test = OneTest(std::move(value), line);
  if (!test.ok() || !negated) return test;
  return Of(ExpressionKind::kUnary, line, "not", *std::move(test));
}

Parsed Self::OneTest(Expression value, int line) {
  const Token name = in_.Take();
  if (name.kind != Kind::kName) return in_.Expected("a test", name);
  if (!in_.conditional() && !IsTemplateTest(name.text)) {
    return in_.NotYet(absl::StrCat("test '", name.text, "'"), line);
  }
  Expression test = Of(ExpressionKind::kTest, line, name.text, std::move(value));
  if (in_.AcceptSymbol("(")) {
    RETURN_IF_ERROR(Arguments(&test));
    return test;
  }
  const Kind kind = in_.Now().kind;
  const bool word =
      kind == Kind::kName && !in_.IsName("else") && !in_.IsName("or") && !in_.IsName("and");
  if (in_.IsName("is")) return in_.Expected("one test", in_.Now());
  if (!word && kind != Kind::kString && kind != Kind::kInteger && kind != Kind::kFloat &&
      !in_.IsSymbol("[") && !in_.IsSymbol("{")) {
    return test;
  }
  Parsed argument = Primary();
  if (argument.ok()) argument = Postfix(*std::move(argument));
  if (!argument.ok()) return argument;
  test.operands.push_back(*std::move(argument));
  return test;
}

Parsed Self::Call(Expression callee) {
  Expression call = Of(ExpressionKind::kCall, in_.Now().line, "", std::move(callee));
  RETURN_IF_ERROR(Arguments(&call));
  return call;
}

// Comma-separated up to the parenthesis, which is taken.
absl::Status Self::Arguments(Expression* call) {
  while (!in_.AcceptSymbol(")")) {
    const Token token = in_.Now();
    if (in_.IsSymbol("*") || in_.IsSymbol("**")) {
      return in_.NotYet("an argument with '*'", token.line);
    }
    if (token.kind == Kind::kName && in_.Peek().kind == Kind::kSymbol && in_.Peek().text == "=") {
      call->names.push_back(token.text);
      in_.Take();
      in_.Take();
    } else if (!call->names.empty()) {
      return in_.Expected("a named argument", token);
    }
    Parsed argument = Whole();
    if (!argument.ok()) return argument.status();
    call->operands.push_back(*std::move(argument));
    if (in_.IsSymbol(")")) continue;
    RETURN_IF_ERROR(in_.ExpectSymbol(","));
  }
  return absl::OkStatus();
}

Parsed Self::Primary() {
  const Token token = in_.Take();
  if (token.kind == Kind::kString) {
    std::string text = token.text;
    while (in_.Now().kind == Kind::kString) text += in_.Take().text;
    return Literal(token.line, Value::Text(std::move(text)));
  }
  if (token.kind == Kind::kInteger || token.kind == Kind::kFloat) return Number(token);
  if (token.kind == Kind::kName) {
    const std::string& name = token.text;
    if (name == "true" || name == "True") return Literal(token.line, Value{true});
    if (name == "false" || name == "False") return Literal(token.line, Value{false});
    if (name == "none" || name == "None") return Literal(token.line, Value::None());
    return Expression{.kind = ExpressionKind::kName, .line = token.line, .name = name};
  }
  if (token.kind != Kind::kSymbol) return in_.Expected("a value", token);
  if (token.text == "(") return Parenthesis(token.line);
  if (token.text == "[") return List(token.line);
  if (token.text == "{") return Dict(token.line);
  return in_.Expected("a value", token);
}

Parsed Self::Number(const Token& token) {
  if (token.kind == Kind::kFloat) {
    double value = 0;
    if (!absl::SimpleAtod(token.text, &value)) return in_.Expected("a number in range", token);
    return Literal(token.line, Value{value});
  }
  int64_t value = 0;
  if (!absl::SimpleAtoi(token.text, &value)) return in_.Expected("a number in range", token);
  return Literal(token.line, Value{value});
}

Parsed Self::Parenthesis(int line) {
  if (in_.AcceptSymbol(")")) return Expression{.kind = ExpressionKind::kTuple, .line = line};
  Parsed inner = WholeOrTuple();
  if (!inner.ok()) return inner;
  RETURN_IF_ERROR(in_.ExpectSymbol(")"));
  return inner;
}

Parsed Self::List(int line) {
  Expression list{.kind = ExpressionKind::kList, .line = line};
  while (!in_.AcceptSymbol("]")) {
    Parsed item = Whole();
    if (!item.ok()) return item;
    list.operands.push_back(*std::move(item));
    if (in_.IsSymbol("]")) continue;
    RETURN_IF_ERROR(in_.ExpectSymbol(","));
  }
  return list;
}

Parsed Self::Dict(int line) {
  Expression dict{.kind = ExpressionKind::kDict, .line = line};
  while (!in_.AcceptSymbol("}")) {
    for (const bool key : {true, false}) {
      Parsed part = Whole();
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
