// Parses a template: its statements.
#include "engine/jinja/syntax/parser.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/syntax/ast.h"
#include "engine/jinja/syntax/expression_parser.h"
#include "engine/jinja/syntax/lexer.h"
#include "engine/jinja/syntax/name_resolver.h"
#include "engine/jinja/syntax/token_stream.h"

namespace assay::jinja {
namespace {

using Kind = TokenKind;
using Body = std::vector<Statement>;
using NestingGuard = TokenStream::NestingGuard;
using ParsedExpression = absl::StatusOr<Expression>;
using ParsedStatement = absl::StatusOr<Statement>;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : in_(std::move(tokens)), expressions_(in_) {}

  absl::StatusOr<Body> Run() {
    absl::StatusOr<Body> body = ParseBody({});
    if (!body.ok()) return body;
    if (in_.Current().kind != Kind::kEnd) return in_.Expected("an open block", in_.Peek());
    return body;
  }

 private:
  // Parses statements up to a block of one of the names `ends`, which stays in the stream.
  absl::StatusOr<Body> ParseBody(const std::vector<std::string_view>& ends) {
    const NestingGuard nesting(in_);
    if (nesting.IsTooDeep()) return in_.TooDeepError();
    Body body;
    while (in_.Current().kind != Kind::kEnd && !in_.AtBlock(ends)) {
      ParsedStatement statement = ParseStatement();
      if (!statement.ok()) return statement.status();
      body.push_back(*std::move(statement));
    }
    return body;
  }

  absl::Status ExpectBlockEnd() {
    if (in_.Accept(Kind::kBlockEnd, "")) return absl::OkStatus();
    return in_.Expected("'%}'", in_.Current());
  }

  // Consumes {% name %}, which ends a body.
  absl::Status ExpectEnd(std::string_view name) {
    if (!in_.AtBlock({name})) {
      return in_.Expected(absl::StrCat("'", std::string(name), "'"), in_.Current());
    }
    in_.Next();
    in_.Next();
    return ExpectBlockEnd();
  }

  // Parses the rest of a tag, a body, and {% end %}.
  absl::Status ParseBodyUntil(std::string_view end, Body* body) {
    in_.AcceptSymbol(":");  // As in Python.
    RETURN_IF_ERROR(ExpectBlockEnd());
    ASSIGN_OR_RETURN(Body read, ParseBody({end}));
    *body = std::move(read);
    return ExpectEnd(end);
  }

  ParsedStatement ParseStatement() {
    const Token token = in_.Next();
    if (token.kind == Kind::kText) {
      return Statement{.kind = StatementKind::kText, .line = token.line, .text = token.text};
    }
    if (token.kind == Kind::kPrintBegin) return ParsePrint(token.line);
    if (token.kind != Kind::kBlockBegin) return in_.Expected("text or a tag", token);
    const Token name = in_.Next();
    if (name.kind != Kind::kName) return in_.Expected("the name of a block", name);
    if (name.text == "if") return ParseIf(name.line);
    if (name.text == "for") return ParseFor(name.line);
    if (name.text == "set") return ParseSet(name.line);
    if (name.text == "macro") return ParseMacro(name.line);
    if (name.text == "with") return ParseWith(name.line);
    if (name.text == "filter") return ParseFilterBlock(name.line);
    if (name.text == "call") return ParseCallBlock(name.line);
    if (name.text == "print") return ParsePrintBlock(name.line);
    if (name.text == "generation") return ParseGeneration(name.line);
    if (name.text == "break" || name.text == "continue") return ParseJump(name);
    for (const std::string_view refused :
         {"autoescape", "block", "extends", "from", "import", "include"}) {
      if (name.text == refused) {
        return in_.Unsupported(absl::StrCat("block '", name.text, "'"), name.line);
      }
    }
    return in_.Expected("a block", name);
  }

  ParsedStatement ParsePrint(int line) {
    Statement print{.kind = StatementKind::kPrint, .line = line};
    RETURN_IF_ERROR(Store(expressions_.ParseExpressionOrTuple(), &print.expression));
    if (!in_.Accept(Kind::kPrintEnd, "")) return in_.Expected("'}}'", in_.Current());
    return print;
  }

  // Moves a parsed expression into `out`, or returns its error.
  static absl::Status Store(ParsedExpression parsed, Expression* out) {
    if (!parsed.ok()) return parsed.status();
    *out = *std::move(parsed);
    return absl::OkStatus();
  }

  ParsedStatement ParseIf(int line) {
    Statement statement{.kind = StatementKind::kIf, .line = line};
    bool last = false;
    do {
      Statement::Branch branch{.condition = ExpressionParser::Literal(line, Value{true}),
                               .body = {}};
      branch.condition.name = "else";
      if (!last) {
        RETURN_IF_ERROR(Store(expressions_.ParseUnconditionalOrTuple(), &branch.condition));
      }
      in_.AcceptSymbol(":");
      RETURN_IF_ERROR(ExpectBlockEnd());
      ASSIGN_OR_RETURN(Body body,
                       last ? ParseBody({"endif"}) : ParseBody({"elif", "else", "endif"}));
      branch.body = std::move(body);
      statement.branches.push_back(std::move(branch));
      if (in_.Current().kind == Kind::kEnd) return in_.Expected("'endif'", in_.Current());
      in_.Next();
      last = in_.Current().text == "else";
    } while (in_.Next().text != "endif");
    RETURN_IF_ERROR(ExpectBlockEnd());
    return statement;
  }

  // Parses one target, or several to unpack into. `attributes` allows namespace.name.
  absl::StatusOr<Target> ParseTarget(bool attributes) {
    absl::StatusOr<Target> first = ParseSingleTarget(attributes);
    if (!first.ok() || !in_.IsSymbol(",")) return first;
    Target all{.name = {}, .attribute = {}, .items = {}};
    all.is_tuple = true;
    all.items.push_back(*std::move(first));
    while (in_.AcceptSymbol(",")) {
      if (in_.IsName("in") || in_.IsSymbol("=") || in_.IsSymbol(")")) break;
      absl::StatusOr<Target> next = ParseSingleTarget(attributes);
      if (!next.ok()) return next;
      all.items.push_back(*std::move(next));
    }
    return all;
  }

  absl::StatusOr<Target> ParseSingleTarget(bool attributes) {
    if (in_.AcceptSymbol("(")) {
      const NestingGuard nesting(in_);
      if (nesting.IsTooDeep()) return in_.TooDeepError();
      absl::StatusOr<Target> inner = ParseTarget(attributes);
      if (!inner.ok()) return inner;
      RETURN_IF_ERROR(in_.ExpectSymbol(")"));
      return inner;
    }
    absl::StatusOr<Target> target = ParseName();
    if (!target.ok() || !attributes || !in_.AcceptSymbol(".")) return target;
    const Token attribute = in_.Next();
    if (attribute.kind != Kind::kName) return in_.Expected("a name", attribute);
    target->attribute = attribute.text;
    return target;
  }

  absl::StatusOr<Target> ParseName() {
    const Token token = in_.Next();
    if (token.kind != Kind::kName) return in_.Expected("a name", token);
    for (const std::string_view constant : {"true", "True", "false", "False", "none", "None"}) {
      if (token.text == constant) return in_.Expected("a name", token);
    }
    return Target{.name = token.text, .attribute = {}, .items = {}};
  }

  ParsedStatement ParseFor(int line) {
    Statement loop{.kind = StatementKind::kFor, .line = line};
    ASSIGN_OR_RETURN(Target target, ParseTarget(false));
    loop.target = std::move(target);
    if (!in_.AcceptName("in")) return in_.Expected("'in'", in_.Current());
    absl::Status s = Store(expressions_.ParseUnconditionalOrTuple(), &loop.expression);
    if (!s.ok()) return s;
    if (in_.AcceptName("if")) {
      loop.filter.emplace_back();
      if (s = Store(expressions_.ParseExpression(), &loop.filter[0]); !s.ok()) return s;
    }
    loop.recursive = in_.AcceptName("recursive");
    in_.AcceptSymbol(":");
    if (s = ExpectBlockEnd(); !s.ok()) return s;
    ++loops_;
    absl::StatusOr<Body> body = ParseBody({"endfor", "else"});
    --loops_;
    if (!body.ok()) return body.status();
    loop.body = *std::move(body);
    if (in_.AtBlock({"else"})) {
      in_.Next();
      in_.Next();
      s = ParseBodyUntil("endfor", &loop.otherwise);
    } else {
      s = ExpectEnd("endfor");
    }
    if (!s.ok()) return s;
    return loop;
  }

  ParsedStatement ParseJump(const Token& name) {
    if (loops_ == 0) return in_.Expected("a loop around the statement", name);
    const bool is_break = name.text == "break";
    RETURN_IF_ERROR(ExpectBlockEnd());
    return Statement{.kind = is_break ? StatementKind::kBreak : StatementKind::kContinue,
                     .line = name.line};
  }

  ParsedStatement ParseSet(int line) {
    Statement set{.kind = StatementKind::kSet, .line = line};
    ASSIGN_OR_RETURN(Target target, ParseTarget(true));
    set.target = std::move(target);
    if (in_.AcceptSymbol("=")) {
      absl::Status s = Store(expressions_.ParseExpressionOrTuple(), &set.expression);
      if (s.ok()) s = ExpectBlockEnd();
      if (!s.ok()) return s;
      return set;
    }
    set.kind = StatementKind::kSetBlock;
    set.expression = BlockInput(line);
    if (in_.AcceptSymbol("|")) {
      RETURN_IF_ERROR(Store(expressions_.ParseFilters(BlockInput(line)), &set.expression));
    }
    RETURN_IF_ERROR(ParseBodyUntil("endset", &set.body));
    return set;
  }

  static Expression BlockInput(int line) {
    return {.kind = ExpressionKind::kBlockText, .line = line};
  }

  ParsedStatement ParseFilterBlock(int line) {
    Statement filter{.kind = StatementKind::kFilter, .line = line};
    absl::Status s = Store(expressions_.ParseFilters(BlockInput(line)), &filter.expression);
    if (s.ok()) s = ParseBodyUntil("endfilter", &filter.body);
    if (!s.ok()) return s;
    return filter;
  }

  ParsedStatement ParseGeneration(int line) {
    Statement scope{.kind = StatementKind::kScope, .line = line};
    RETURN_IF_ERROR(ParseFunctionBody("endgeneration", &scope.body));
    return scope;
  }

  ParsedStatement ParseWith(int line) {
    Statement with{.kind = StatementKind::kWith, .line = line};
    while (in_.Current().kind != Kind::kBlockEnd) {
      if (!with.targets.empty()) {
        RETURN_IF_ERROR(in_.ExpectSymbol(","));
      }
      ASSIGN_OR_RETURN(Target target, ParseTarget(false));
      with.targets.push_back(std::move(target));
      RETURN_IF_ERROR(in_.ExpectSymbol("="));
      RETURN_IF_ERROR(Store(expressions_.ParseExpression(), &with.defaults.emplace_back()));
    }
    RETURN_IF_ERROR(ParseBodyUntil("endwith", &with.body));
    return with;
  }

  // Parses (a, b=1), the parameters of a macro or a call block.
  absl::Status ParseParameters(Statement* macro) {
    RETURN_IF_ERROR(in_.ExpectSymbol("("));
    while (!in_.AcceptSymbol(")")) {
      if (!macro->targets.empty()) {
        RETURN_IF_ERROR(in_.ExpectSymbol(","));
      }
      RETURN_IF_ERROR(expressions_.CheckArgumentCount(macro->targets.size()));
      ASSIGN_OR_RETURN(Target target, ParseName());
      for (const Target& other : macro->targets) {
        if (other.name == target.name) return in_.Expected("another name", in_.Current());
      }
      macro->targets.push_back(std::move(target));
      if (in_.AcceptSymbol("=")) {
        RETURN_IF_ERROR(Store(expressions_.ParseExpression(), &macro->defaults.emplace_back()));
      } else if (!macro->defaults.empty()) {
        return in_.Expected("a default", in_.Current());
      }
    }
    return absl::OkStatus();
  }

  // Parses the body of a function, which the loops around it do not reach.
  absl::Status ParseFunctionBody(std::string_view end, Body* body) {
    const int loops = std::exchange(loops_, 0);
    absl::Status s = ParseBodyUntil(end, body);
    loops_ = loops;
    return s;
  }

  ParsedStatement ParseMacro(int line) {
    Statement macro{.kind = StatementKind::kMacro, .line = line};
    ASSIGN_OR_RETURN(const Target name, ParseName());
    macro.text = name.name;
    RETURN_IF_ERROR(ParseParameters(&macro));
    RETURN_IF_ERROR(ParseFunctionBody("endmacro", &macro.body));
    return macro;
  }

  ParsedStatement ParseCallBlock(int line) {
    Statement call{.kind = StatementKind::kCall, .line = line};
    if (in_.IsSymbol("(")) RETURN_IF_ERROR(ParseParameters(&call));
    RETURN_IF_ERROR(Store(expressions_.ParseExpression(), &call.expression));
    if (call.expression.kind != ExpressionKind::kCall) {
      return in_.Expected("a call", in_.Current());
    }
    for (const std::string& name : call.expression.names) {
      if (name == "caller") return in_.Expected("a call without 'caller'", in_.Current());
    }
    RETURN_IF_ERROR(ParseFunctionBody("endcall", &call.body));
    return call;
  }

  // Parses {% print a, b %}, which prints all of its expressions.
  ParsedStatement ParsePrintBlock(int line) {
    Statement print{.kind = StatementKind::kPrint, .line = line};
    print.prints_all = true;
    print.expression = {.kind = ExpressionKind::kConcat, .line = line};
    while (in_.Current().kind != Kind::kBlockEnd) {
      if (!print.expression.operands.empty()) {
        RETURN_IF_ERROR(in_.ExpectSymbol(","));
      }
      RETURN_IF_ERROR(
          Store(expressions_.ParseExpression(), &print.expression.operands.emplace_back()));
    }
    RETURN_IF_ERROR(ExpectBlockEnd());
    return print;
  }

  TokenStream in_;
  ExpressionParser expressions_;
  // The number of loops around the current token, within the same macro.
  int loops_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<Statement>> ParseTemplate(std::string_view source) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, LexTemplate(source));
  Statement root{.kind = StatementKind::kTemplate, .line = 1};
  ASSIGN_OR_RETURN(root.body, Parser(std::move(tokens)).Run());
  RETURN_IF_ERROR(ResolveNames(&root));
  Body program;
  program.push_back(std::move(root));
  return program;
}

}  // namespace assay::jinja
