// Compiles a template: recursive descent over its tokens, Jinja's precedence.
#include "engine/text/template_parser.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "engine/text/template_lexer.h"

namespace assay::engine {
namespace {

using Kind = TemplateTokenKind;
using Parsed = absl::StatusOr<Expression>;

constexpr int kMaxDepth = 64;
// Operators or parts of one chain ("a + b + c", "a.b.c"): each is one level of the expression.
constexpr int kMaxChain = 256;
constexpr std::array<std::string_view, 6> kFilters = {"trim",   "upper",  "lower",
                                                      "length", "string", "count"};
constexpr std::array<std::string_view, 9> kTests = {
    "defined", "undefined", "none", "string", "mapping", "iterable", "true", "false", "number"};
constexpr std::array<std::string_view, 5> kMethods = {"strip", "lstrip", "rstrip", "startswith",
                                                      "endswith"};

template <size_t N>
bool Contains(const std::array<std::string_view, N>& names, std::string_view name) {
  for (const std::string_view known : names) {
    if (known == name) return true;
  }
  return false;
}

class Parser {
 public:
  explicit Parser(std::vector<TemplateToken> tokens) : tokens_(std::move(tokens)) {}

  absl::StatusOr<std::vector<Statement>> Run() {
    absl::StatusOr<std::vector<Statement>> body = Body({});
    if (!body.ok()) return body.status();
    if (Now().kind != Kind::kEnd) return Error("end of the template", Now());
    return body;
  }

 private:
  const TemplateToken& Now() const { return tokens_[at_]; }
  const TemplateToken& Peek() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  const TemplateToken& Take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }

  static absl::Status Error(const std::string& wanted, const TemplateToken& got) {
    return absl::InvalidArgumentError(
        absl::StrCat("line ", got.line, ": ", wanted, " expected",
                     got.text.empty() ? "" : absl::StrCat(", not '", got.text, "'")));
  }
  static absl::Status NotYet(const std::string& what, int line) {
    return absl::UnimplementedError(absl::StrCat("line ", line, ": ", what, " is not read yet"));
  }

  bool Is(Kind kind, std::string_view text) const {
    return Now().kind == kind && Now().text == text;
  }
  bool Accept(Kind kind, std::string_view text) {
    if (!Is(kind, text)) return false;
    Take();
    return true;
  }
  absl::Status Expect(Kind kind, std::string_view text) {
    if (Accept(kind, text)) return absl::OkStatus();
    return Error(absl::StrCat("'", std::string(text), "'"), Now());
  }
  absl::Status ExpectBlockEnd() { return Expect(Kind::kBlockEnd, ""); }

  // True before {% name ... %} with one of the names.
  bool AtBlock(std::initializer_list<std::string_view> names) const {
    if (Now().kind != Kind::kBlockBegin) return false;
    for (const std::string_view name : names) {
      if (Peek().text == name) return true;
    }
    return false;
  }

  // Statements up to {% one of ends %} or the template's end; the end is not consumed.
  absl::StatusOr<std::vector<Statement>> Body(std::initializer_list<std::string_view> ends) {
    if (++depth_ > kMaxDepth) return NotYet("nesting beyond 64 levels", Now().line);
    std::vector<Statement> body;
    while (Now().kind != Kind::kEnd && !AtBlock(ends)) {
      absl::StatusOr<Statement> statement = OneStatement();
      if (!statement.ok()) return statement.status();
      body.push_back(*std::move(statement));
    }
    --depth_;
    return body;
  }

  absl::StatusOr<Statement> OneStatement() {
    const TemplateToken token = Take();
    if (token.kind == Kind::kText) {
      return Statement{.kind = StatementKind::kText, .line = token.line, .text = token.text};
    }
    if (token.kind == Kind::kPrintBegin) return Print(token.line);
    if (token.kind != Kind::kBlockBegin) return Error("text or a tag", token);
    const TemplateToken name = Take();
    if (name.text == "if") return If(name.line);
    if (name.text == "for") return For(name.line);
    if (name.text == "set") return Set(name.line);
    if (name.text == "endif" || name.text == "endfor" || name.text == "else" ||
        name.text == "elif") {
      return Error("a block that is open", name);
    }
    return NotYet(absl::StrCat("block '", name.text, "'"), name.line);
  }

  absl::StatusOr<Statement> Print(int line) {
    Parsed expression = Ternary();
    if (!expression.ok()) return expression.status();
    if (absl::Status s = Expect(Kind::kPrintEnd, ""); !s.ok()) return s;
    return Statement{
        .kind = StatementKind::kPrint, .line = line, .expression = *std::move(expression)};
  }

  absl::StatusOr<Statement> If(int line) {
    Statement statement{.kind = StatementKind::kIf, .line = line};
    bool last = false;
    do {
      Expression condition = Literal(line, TemplateValue{true});
      if (!last) {
        Parsed read = Ternary();
        if (!read.ok()) return read.status();
        condition = *std::move(read);
      }
      if (absl::Status s = ExpectBlockEnd(); !s.ok()) return s;
      absl::StatusOr<std::vector<Statement>> body =
          last ? Body({"endif"}) : Body({"elif", "else", "endif"});
      if (!body.ok()) return body.status();
      statement.branches.push_back({std::move(condition), *std::move(body)});
      if (Now().kind == Kind::kEnd) return Error("'endif'", Now());
      Take();
      last = Now().text == "else";
    } while (Take().text != "endif");
    if (absl::Status s = ExpectBlockEnd(); !s.ok()) return s;
    return statement;
  }

  absl::StatusOr<Statement> For(int line) {
    const TemplateToken name = Take();
    if (name.kind != Kind::kName) return Error("a name", name);
    if (Is(Kind::kSymbol, ",")) return NotYet("for with several names", line);
    if (absl::Status s = Expect(Kind::kName, "in"); !s.ok()) return s;
    Parsed items = Or();
    if (!items.ok()) return items.status();
    if (Is(Kind::kName, "if") || Is(Kind::kName, "recursive")) {
      return NotYet(absl::StrCat("for with '", Now().text, "'"), line);
    }
    if (absl::Status s = ExpectBlockEnd(); !s.ok()) return s;
    absl::StatusOr<std::vector<Statement>> body = Body({"endfor", "else"});
    if (!body.ok()) return body.status();
    if (AtBlock({"else"})) return NotYet("for with else", line);
    if (Now().kind == Kind::kEnd) return Error("'endfor'", Now());
    Take();
    Take();
    if (absl::Status s = ExpectBlockEnd(); !s.ok()) return s;
    return Statement{.kind = StatementKind::kFor,
                     .line = line,
                     .text = name.text,
                     .expression = *std::move(items),
                     .body = *std::move(body)};
  }

  absl::StatusOr<Statement> Set(int line) {
    const TemplateToken name = Take();
    if (name.kind != Kind::kName) return Error("a name", name);
    if (Is(Kind::kSymbol, ".")) return NotYet("set of an attribute (namespace)", line);
    if (!Is(Kind::kSymbol, "=")) return NotYet("set without '='", line);
    Take();
    Parsed value = Ternary();
    if (!value.ok()) return value.status();
    if (absl::Status s = ExpectBlockEnd(); !s.ok()) return s;
    return Statement{.kind = StatementKind::kSet,
                     .line = line,
                     .text = name.text,
                     .expression = *std::move(value)};
  }

  static Expression Literal(int line, TemplateValue value) {
    return {.kind = ExpressionKind::kLiteral, .line = line, .value = std::move(value)};
  }
  // Moves its operands: an initializer list would copy whole trees.
  template <typename... Operands>
  static Expression Make(ExpressionKind kind, int line, std::string name, Operands&&... operands) {
    std::vector<Expression> list;
    list.reserve(sizeof...(operands));
    (list.push_back(std::forward<Operands>(operands)), ...);
    return MakeOf(kind, line, std::move(name), std::move(list));
  }
  static Expression MakeOf(ExpressionKind kind, int line, std::string name,
                           std::vector<Expression> operands) {
    return {.kind = kind, .line = line, .name = std::move(name), .operands = std::move(operands)};
  }

  // value if condition else other
  Parsed Ternary() {
    if (++depth_ > kMaxDepth) return NotYet("nesting beyond 64 levels", Now().line);
    Parsed value = Or();
    if (!value.ok() || !Accept(Kind::kName, "if")) {
      --depth_;
      return value;
    }
    Parsed condition = Or();
    if (!condition.ok()) return condition;
    Expression other = Literal(Now().line, TemplateValue{TemplateUndefined{}});
    if (Accept(Kind::kName, "else")) {
      Parsed read = Ternary();
      if (!read.ok()) return read;
      other = *std::move(read);
    }
    --depth_;
    const int line = value->line;
    return Make(ExpressionKind::kIf, line, "", *std::move(value), *std::move(condition),
                std::move(other));
  }

  // Left-associative operators of one level.
  template <typename Next, typename Match>
  Parsed Chain(Next next, Match match) {
    Parsed left = next();
    for (int links = 0; left.ok(); ++links) {
      const std::string op = match();
      if (op.empty()) return left;
      if (links == kMaxChain) return NotYet("a chain of more than 256 operators", left->line);
      Parsed right = next();
      if (!right.ok()) return right;
      const int line = left->line;
      left = Make(ExpressionKind::kBinary, line, op, *std::move(left), *std::move(right));
    }
    return left;
  }

  // Takes one of the words or symbols and says which; empty if none is there.
  std::string TakeOne(Kind kind, std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) {
      if (Accept(kind, text)) return std::string(text);
    }
    return "";
  }

  Parsed Or() {
    return Chain([this] { return And(); }, [this] { return TakeOne(Kind::kName, {"or"}); });
  }
  Parsed And() {
    return Chain([this] { return Not(); }, [this] { return TakeOne(Kind::kName, {"and"}); });
  }
  Parsed Not() {
    const int line = Now().line;
    if (!Accept(Kind::kName, "not")) return Comparison();
    if (++depth_ > kMaxDepth) return NotYet("nesting beyond 64 levels", line);
    Parsed operand = Not();
    --depth_;
    if (!operand.ok()) return operand;
    return Make(ExpressionKind::kUnary, line, "not", *std::move(operand));
  }
  Parsed Comparison() {
    Parsed left = Sum();
    if (!left.ok()) return left;
    const std::string op = TakeComparison();
    if (op.empty()) return left;
    Parsed right = Sum();
    if (!right.ok()) return right;
    const int line = left->line;
    if (!TakeComparison().empty()) return NotYet("a chain of comparisons", line);
    return Make(ExpressionKind::kBinary, line, op, *std::move(left), *std::move(right));
  }
  std::string TakeComparison() {
    if (Is(Kind::kName, "not") && Peek().text == "in") {
      Take();
      Take();
      return "not in";
    }
    if (Accept(Kind::kName, "in")) return "in";
    return TakeOne(Kind::kSymbol, {"==", "!=", "<=", ">=", "<", ">"});
  }
  Parsed Sum() {
    return Chain([this] { return Concatenation(); },
                 [this] { return TakeOne(Kind::kSymbol, {"+", "-"}); });
  }
  Parsed Concatenation() {
    return Chain([this] { return Product(); }, [this] { return TakeOne(Kind::kSymbol, {"~"}); });
  }
  Parsed Product() {
    Parsed product =
        Chain([this] { return Negation(); }, [this] { return TakeOne(Kind::kSymbol, {"%", "*"}); });
    if (product.ok() && (Is(Kind::kSymbol, "/") || Is(Kind::kSymbol, "//"))) {
      return NotYet(absl::StrCat("operator '", Now().text, "'"), Now().line);
    }
    return product;
  }
  Parsed Negation() {
    const int line = Now().line;
    if (!Accept(Kind::kSymbol, "-")) return Postfix();
    if (++depth_ > kMaxDepth) return NotYet("nesting beyond 64 levels", line);
    Parsed operand = Negation();
    --depth_;
    if (!operand.ok()) return operand;
    return Make(ExpressionKind::kUnary, line, "-", *std::move(operand));
  }

  // Attributes, indexing, calls, filters and tests.
  Parsed Postfix() {
    Parsed value = Primary();
    for (int links = 0; value.ok(); ++links) {
      const int line = Now().line;
      if (links == kMaxChain) return NotYet("a chain of more than 256 parts", line);
      if (Accept(Kind::kSymbol, ".")) {
        value = Attribute(*std::move(value), line);
      } else if (Accept(Kind::kSymbol, "[")) {
        value = Subscript(*std::move(value), line);
      } else if (Accept(Kind::kSymbol, "|")) {
        value = Filter(*std::move(value), line);
      } else if (Accept(Kind::kName, "is")) {
        value = Test(*std::move(value), line);
      } else {
        return value;
      }
    }
    return value;
  }

  Parsed Attribute(Expression object, int line) {
    const TemplateToken name = Take();
    if (name.kind != Kind::kName) return Error("a name", name);
    if (!Accept(Kind::kSymbol, "(")) {
      return Make(ExpressionKind::kIndex, line, "", std::move(object),
                  Literal(line, TemplateValue{name.text}));
    }
    if (!Contains(kMethods, name.text)) {
      return NotYet(absl::StrCat("method '", name.text, "'"), line);
    }
    std::vector<Expression> operands = {std::move(object)};
    if (absl::Status s = Arguments(")", &operands); !s.ok()) return s;
    return MakeOf(ExpressionKind::kMethod, line, name.text, std::move(operands));
  }

  Parsed Bound(std::string_view end) {
    if (Is(Kind::kSymbol, ":") || Is(Kind::kSymbol, end)) {
      return Literal(Now().line, TemplateValue{TemplateNone{}});
    }
    return Ternary();
  }

  Parsed Subscript(Expression object, int line) {
    Parsed first = Bound("]");
    if (!first.ok()) return first;
    if (!Accept(Kind::kSymbol, ":")) {
      if (absl::Status s = Expect(Kind::kSymbol, "]"); !s.ok()) return s;
      return Make(ExpressionKind::kIndex, line, "", std::move(object), *std::move(first));
    }
    Parsed second = Bound("]");
    if (!second.ok()) return second;
    if (Is(Kind::kSymbol, ":")) return NotYet("a slice with a step", line);
    if (absl::Status s = Expect(Kind::kSymbol, "]"); !s.ok()) return s;
    return Make(ExpressionKind::kSlice, line, "", std::move(object), *std::move(first),
                *std::move(second));
  }

  Parsed Filter(Expression value, int line) {
    const TemplateToken name = Take();
    if (name.kind != Kind::kName) return Error("a filter", name);
    if (!Contains(kFilters, name.text)) {
      return NotYet(absl::StrCat("filter '", name.text, "'"), line);
    }
    if (Is(Kind::kSymbol, "(")) return NotYet("a filter with arguments", line);
    return Make(ExpressionKind::kFilter, line, name.text, std::move(value));
  }

  Parsed Test(Expression value, int line) {
    const bool negated = Accept(Kind::kName, "not");
    const TemplateToken name = Take();
    if (name.kind != Kind::kName) return Error("a test", name);
    if (!Contains(kTests, name.text)) return NotYet(absl::StrCat("test '", name.text, "'"), line);
    Expression test = Make(ExpressionKind::kTest, line, name.text, std::move(value));
    if (!negated) return test;
    return Make(ExpressionKind::kUnary, line, "not", std::move(test));
  }

  // Comma-separated expressions up to `end`, which is consumed.
  absl::Status Arguments(std::string_view end, std::vector<Expression>* out) {
    while (!Accept(Kind::kSymbol, end)) {
      Parsed argument = Ternary();
      if (!argument.ok()) return argument.status();
      if (Is(Kind::kSymbol, "=")) return NotYet("a named argument", Now().line);
      out->push_back(*std::move(argument));
      if (Is(Kind::kSymbol, end)) continue;
      if (absl::Status s = Expect(Kind::kSymbol, ","); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  Parsed Primary() {
    const TemplateToken token = Take();
    if (token.kind == Kind::kString) {
      std::string text = token.text;
      while (Now().kind == Kind::kString) text += Take().text;
      return Literal(token.line, TemplateValue{std::move(text)});
    }
    if (token.kind == Kind::kInteger) {
      int64_t value = 0;
      if (!absl::SimpleAtoi(token.text, &value)) return Error("a number in range", token);
      if (Is(Kind::kSymbol, ".")) return NotYet("a number with a fraction", token.line);
      return Literal(token.line, TemplateValue{value});
    }
    if (token.kind == Kind::kName) return Name(token);
    if (token.kind == Kind::kSymbol && token.text == "(") {
      Parsed inner = Ternary();
      if (!inner.ok()) return inner;
      if (absl::Status s = Expect(Kind::kSymbol, ")"); !s.ok()) return s;
      return inner;
    }
    if (token.kind == Kind::kSymbol && token.text == "[") {
      std::vector<Expression> items;
      if (absl::Status s = Arguments("]", &items); !s.ok()) return s;
      return MakeOf(ExpressionKind::kList, token.line, "", std::move(items));
    }
    if (token.kind == Kind::kSymbol && token.text == "{") {
      return NotYet("a dictionary literal", token.line);
    }
    return Error("a value", token);
  }

  Parsed Name(const TemplateToken& token) {
    const std::string& name = token.text;
    if (name == "true" || name == "True") return Literal(token.line, TemplateValue{true});
    if (name == "false" || name == "False") return Literal(token.line, TemplateValue{false});
    if (name == "none" || name == "None") return Literal(token.line, TemplateValue{TemplateNone{}});
    if (!Accept(Kind::kSymbol, "(")) return Make(ExpressionKind::kName, token.line, name);
    if (name != "raise_exception") {
      return NotYet(absl::StrCat("function '", name, "'"), token.line);
    }
    std::vector<Expression> arguments;
    if (absl::Status s = Arguments(")", &arguments); !s.ok()) return s;
    return MakeOf(ExpressionKind::kCall, token.line, name, std::move(arguments));
  }

  std::vector<TemplateToken> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<Statement>> ParseTemplate(std::string_view source) {
  absl::StatusOr<std::vector<TemplateToken>> tokens = LexTemplate(source);
  if (!tokens.ok()) return tokens.status();
  return Parser(*std::move(tokens)).Run();
}

}  // namespace assay::engine
