// Compiles a template: its statements.
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
#include "engine/jinja/syntax/token_stream.h"

namespace assay::jinja {
namespace {

using Kind = TokenKind;
using Body = std::vector<Statement>;
using Level = TokenStream::Level;
using ParsedExpression = absl::StatusOr<Expression>;
using ParsedStatement = absl::StatusOr<Statement>;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : in_(std::move(tokens)), expressions_(in_) {}

  absl::StatusOr<Body> Run() {
    absl::StatusOr<Body> body = ReadBody({});
    if (!body.ok()) return body;
    if (in_.Now().kind != Kind::kEnd) return in_.Expected("a block that is open", in_.Peek());
    return body;
  }

 private:
  // Up to a block of one of these names, which is not taken.
  absl::StatusOr<Body> ReadBody(const std::vector<std::string_view>& ends) {
    const Level level(in_);
    if (level.TooDeep()) return in_.TooDeep();
    Body body;
    while (in_.Now().kind != Kind::kEnd && !in_.AtBlock(ends)) {
      ParsedStatement statement = OneStatement();
      if (!statement.ok()) return statement.status();
      body.push_back(*std::move(statement));
    }
    return body;
  }

  absl::Status BlockEnd() {
    if (in_.Accept(Kind::kBlockEnd, "")) return absl::OkStatus();
    return in_.Expected("'%}'", in_.Now());
  }

  // {% name %}, after a body.
  absl::Status End(std::string_view name) {
    if (!in_.AtBlock({name})) {
      return in_.Expected(absl::StrCat("'", std::string(name), "'"), in_.Now());
    }
    in_.Take();
    in_.Take();
    return BlockEnd();
  }

  // The rest of a tag, a body and {% end %}.
  absl::Status BodyTo(std::string_view end, Body* body) {
    RETURN_IF_ERROR(BlockEnd());
    ASSIGN_OR_RETURN(Body read, ReadBody({end}));
    *body = std::move(read);
    return End(end);
  }

  ParsedStatement OneStatement() {
    const Token token = in_.Take();
    if (token.kind == Kind::kText) {
      return Statement{.kind = StatementKind::kText, .line = token.line, .text = token.text};
    }
    if (token.kind == Kind::kPrintBegin) return Print(token.line);
    if (token.kind != Kind::kBlockBegin) return in_.Expected("text or a tag", token);
    const Token name = in_.Take();
    if (name.kind != Kind::kName) return in_.Expected("a block's name", name);
    if (name.text == "if") return If(name.line);
    if (name.text == "for") return For(name.line);
    if (name.text == "set") return Set(name.line);
    if (name.text == "macro") return Macro(name.line);
    if (name.text == "with") return With(name.line);
    if (name.text == "filter") return FilterBlock(name.line);
    if (name.text == "generation") return Generation(name.line);
    if (name.text == "break" || name.text == "continue") return Jump(name);
    if (name.text.starts_with("end") || name.text == "else" || name.text == "elif") {
      return in_.Expected("a block that is open", name);
    }
    return in_.NotYet(absl::StrCat("block '", name.text, "'"), name.line);
  }

  ParsedStatement Print(int line) {
    Statement print{.kind = StatementKind::kPrint, .line = line};
    RETURN_IF_ERROR(Read(expressions_.WholeOrTuple(), &print.expression));
    if (!in_.Accept(Kind::kPrintEnd, "")) return in_.Expected("'}}'", in_.Now());
    return print;
  }

  static absl::Status Read(ParsedExpression parsed, Expression* out) {
    if (!parsed.ok()) return parsed.status();
    *out = *std::move(parsed);
    return absl::OkStatus();
  }

  ParsedStatement If(int line) {
    Statement statement{.kind = StatementKind::kIf, .line = line};
    const TokenStream::Conditional conditional(in_);
    bool last = false;
    do {
      Statement::Branch branch{.condition = ExpressionParser::Literal(line, Value{true}),
                               .body = {}};
      if (!last) {
        RETURN_IF_ERROR(Read(expressions_.UnconditionalOrTuple(), &branch.condition));
      }
      RETURN_IF_ERROR(BlockEnd());
      ASSIGN_OR_RETURN(Body body, last ? ReadBody({"endif"}) : ReadBody({"elif", "else", "endif"}));
      branch.body = std::move(body);
      statement.branches.push_back(std::move(branch));
      if (in_.Now().kind == Kind::kEnd) return in_.Expected("'endif'", in_.Now());
      in_.Take();
      last = in_.Now().text == "else";
    } while (in_.Take().text != "endif");
    RETURN_IF_ERROR(BlockEnd());
    return statement;
  }

  // One name, or several to unpack; `attributes`: namespace.name too.
  absl::StatusOr<Target> ReadTarget(bool attributes) {
    absl::StatusOr<Target> first = OneTarget(attributes);
    if (!first.ok() || !in_.IsSymbol(",")) return first;
    Target all;
    all.items.push_back(*std::move(first));
    while (in_.AcceptSymbol(",")) {
      if (in_.IsName("in") || in_.IsSymbol("=") || in_.IsSymbol(")")) break;
      absl::StatusOr<Target> next = OneTarget(attributes);
      if (!next.ok()) return next;
      all.items.push_back(*std::move(next));
    }
    return all;
  }

  absl::StatusOr<Target> OneTarget(bool attributes) {
    const Token token = in_.Take();
    if (token.kind == Kind::kSymbol && token.text == "(") {
      const Level level(in_);
      if (level.TooDeep()) return in_.TooDeep();
      absl::StatusOr<Target> inner = ReadTarget(attributes);
      if (!inner.ok()) return inner;
      RETURN_IF_ERROR(in_.ExpectSymbol(")"));
      return inner;
    }
    if (token.kind != Kind::kName) return in_.Expected("a name", token);
    for (const std::string_view reserved :
         {"true", "True", "false", "False", "none", "None", "not", "and", "or", "if", "in", "is"}) {
      if (token.text == reserved) return in_.Expected("a name", token);
    }
    Target target{.name = token.text, .attribute = {}, .items = {}};
    if (!attributes || !in_.AcceptSymbol(".")) return target;
    const Token attribute = in_.Take();
    if (attribute.kind != Kind::kName) return in_.Expected("a name", attribute);
    target.attribute = attribute.text;
    return target;
  }

  ParsedStatement For(int line) {
    Statement loop{.kind = StatementKind::kFor, .line = line};
    ASSIGN_OR_RETURN(Target target, ReadTarget(false));
    if (target.name == "loop") return in_.Expected("another name than 'loop'", in_.Now());
    loop.target = std::move(target);
    if (!in_.AcceptName("in")) return in_.Expected("'in'", in_.Now());
    absl::Status s = Read(expressions_.UnconditionalOrTuple(), &loop.expression);
    if (!s.ok()) return s;
    if (in_.AcceptName("if")) {
      loop.filter.emplace_back();
      if (s = Read(expressions_.Whole(), &loop.filter[0]); !s.ok()) return s;
    }
    if (in_.IsName("recursive")) return in_.NotYet("for with 'recursive'", line);
    if (s = BlockEnd(); !s.ok()) return s;
    ++loops_;
    absl::StatusOr<Body> body = ReadBody({"endfor", "else"});
    --loops_;
    if (!body.ok()) return body.status();
    loop.body = *std::move(body);
    if (in_.AtBlock({"else"})) {
      in_.Take();
      in_.Take();
      s = BodyTo("endfor", &loop.otherwise);
    } else {
      s = End("endfor");
    }
    if (!s.ok()) return s;
    return loop;
  }

  ParsedStatement Jump(const Token& name) {
    if (loops_ == 0) return in_.Expected("a loop around it", name);
    const bool leaves = name.text == "break";
    RETURN_IF_ERROR(BlockEnd());
    return Statement{.kind = leaves ? StatementKind::kBreak : StatementKind::kContinue,
                     .line = name.line};
  }

  ParsedStatement Set(int line) {
    Statement set{.kind = StatementKind::kSet, .line = line};
    ASSIGN_OR_RETURN(Target target, ReadTarget(true));
    set.target = std::move(target);
    if (in_.AcceptSymbol("=")) {
      absl::Status s = Read(expressions_.WholeOrTuple(), &set.expression);
      if (s.ok()) s = BlockEnd();
      if (!s.ok()) return s;
      return set;
    }
    set.kind = StatementKind::kSetBlock;
    set.expression = BlockInput(line);
    if (in_.AcceptSymbol("|")) {
      RETURN_IF_ERROR(Read(expressions_.Filters(BlockInput(line)), &set.expression));
    }
    RETURN_IF_ERROR(BodyTo("endset", &set.body));
    return set;
  }

  static Expression BlockInput(int line) {
    return {.kind = ExpressionKind::kName, .line = line, .name = kBlockInput};
  }

  ParsedStatement FilterBlock(int line) {
    Statement filter{.kind = StatementKind::kFilter, .line = line};
    absl::Status s = Read(expressions_.Filters(BlockInput(line)), &filter.expression);
    if (s.ok()) s = BodyTo("endfilter", &filter.body);
    if (!s.ok()) return s;
    return filter;
  }

  ParsedStatement Generation(int line) {
    Statement scope{.kind = StatementKind::kScope, .line = line};
    const int loops = std::exchange(loops_, 0);
    absl::Status s = BodyTo("endgeneration", &scope.body);
    loops_ = loops;
    if (!s.ok()) return s;
    return scope;
  }

  ParsedStatement With(int line) {
    Statement with{.kind = StatementKind::kWith, .line = line};
    while (in_.Now().kind != Kind::kBlockEnd) {
      if (!with.targets.empty() && !in_.AcceptSymbol(",")) {
        return in_.Expected("','", in_.Now());
      }
      ASSIGN_OR_RETURN(Target target, OneTarget(false));
      with.targets.push_back(std::move(target));
      RETURN_IF_ERROR(in_.ExpectSymbol("="));
      RETURN_IF_ERROR(Read(expressions_.Whole(), &with.defaults.emplace_back()));
    }
    RETURN_IF_ERROR(BodyTo("endwith", &with.body));
    return with;
  }

  ParsedStatement Macro(int line) {
    const Token name = in_.Take();
    if (name.kind != Kind::kName) return in_.Expected("a name", name);
    Statement macro{.kind = StatementKind::kMacro, .line = line, .text = name.text};
    RETURN_IF_ERROR(in_.ExpectSymbol("("));
    while (!in_.AcceptSymbol(")")) {
      if (!macro.targets.empty()) {
        RETURN_IF_ERROR(in_.ExpectSymbol(","));
      }
      ASSIGN_OR_RETURN(Target target, OneTarget(false));
      macro.targets.push_back(std::move(target));
      if (in_.AcceptSymbol("=")) {
        RETURN_IF_ERROR(Read(expressions_.Whole(), &macro.defaults.emplace_back()));
      } else if (!macro.defaults.empty()) {
        return in_.Expected("a default", in_.Now());
      }
    }
    const int loops = std::exchange(loops_, 0);
    absl::Status s = BodyTo("endmacro", &macro.body);
    loops_ = loops;
    if (!s.ok()) return s;
    return macro;
  }

  TokenStream in_;
  ExpressionParser expressions_;
  int loops_ = 0;  // Around what is read, within the same macro.
};

}  // namespace

absl::StatusOr<std::vector<Statement>> ParseTemplate(std::string_view source) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, LexTemplate(source));
  return Parser(std::move(tokens)).Run();
}

}  // namespace assay::jinja
