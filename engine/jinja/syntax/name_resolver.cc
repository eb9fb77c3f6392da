// Finds the variable of each name of a template. It follows jinja2's idtracking, which visits a
// scope to find its symbols, and compiler, which then uses them.
#include "engine/jinja/syntax/name_resolver.h"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/builtins/tests.h"
#include "engine/jinja/syntax/constant_folding.h"
#include "engine/jinja/syntax/name_uses.h"
#include "engine/jinja/syntax/symbols.h"

namespace assay::jinja {
namespace {

using Body = std::vector<Statement>;
using Kind = StatementKind;

// Finds the symbols of one scope. It does not enter the scopes within it.
class SymbolFinder {
 public:
  explicit SymbolFinder(Symbols& symbols) : symbols_(&symbols) {}

  void VisitBody(const Body& body) {
    for (const Statement& statement : body) Visit(statement);
  }
  void VisitAll(const std::vector<Expression>& expressions) {
    for (const Expression& expression : expressions) Visit(expression);
  }
  void Visit(const Expression& expression) {
    if (expression.kind == ExpressionKind::kName) symbols_->LoadName(expression.name);
    VisitAll(expression.operands);
  }
  void VisitTarget(const Target& target, bool parameter) {
    for (const Target& item : target.items) VisitTarget(item, parameter);
    if (target.name.empty()) return;
    if (!target.attribute.empty()) {
      symbols_->LoadName(target.name);
    } else if (parameter) {
      symbols_->DeclareParameter(target.name);
    } else {
      symbols_->StoreName(target.name);
    }
  }
  void VisitParameters(const Statement& statement) {
    for (const Target& target : statement.targets) VisitTarget(target, true);
  }

 private:
  void Visit(const Statement& statement) {
    switch (statement.kind) {
      case Kind::kIf:
        return VisitIf(statement);
      case Kind::kMacro:
        return symbols_->StoreName(statement.text);
      case Kind::kSet:
        Visit(statement.expression);
        return VisitTarget(statement.target, false);
      case Kind::kSetBlock:
        return VisitTarget(statement.target, false);
      case Kind::kWith:
        return VisitAll(statement.defaults);
      case Kind::kPrint:
      case Kind::kFor:
      case Kind::kCall:
      case Kind::kFilter:
        return Visit(statement.expression);
      default:
        return;
    }
  }

  // jinja2 has three branches: the first, all `elif` together, and the `else`.
  void VisitIf(const Statement& statement) {
    Visit(statement.branches[0].condition);
    Symbols* const before = symbols_;
    std::vector<Symbols> branches(3, *before);
    const size_t count = statement.branches.size();
    const bool has_else = count > 1 &&
                          statement.branches.back().condition.kind == ExpressionKind::kLiteral &&
                          statement.branches.back().condition.name == kElse;
    symbols_ = &branches[0];
    VisitBody(statement.branches[0].body);
    symbols_ = &branches[1];
    for (size_t i = 1; i < count - (has_else ? 1 : 0); ++i) {
      // An elif is an `if` of its own within the branch.
      Statement elif{.kind = Kind::kIf, .line = statement.line};
      elif.branches.push_back(statement.branches[i]);
      VisitIf(elif);
    }
    symbols_ = &branches[2];
    if (has_else) VisitBody(statement.branches.back().body);
    symbols_ = before;
    symbols_->MergeBranches(branches);
  }

  static constexpr char kElse[] = "else";

  Symbols* symbols_;
};

// Resolves the names of a scope and of the scopes within it.
class Resolver {
 public:
  absl::Status ResolveTemplate(Statement& root) {
    FunctionSlots function;
    Symbols symbols(nullptr, &function);
    SymbolFinder(symbols).VisitBody(root.body);
    RETURN_IF_ERROR(ResolveBody(root.body, {symbols, function, false}));
    root.frame = symbols.MakeFrame();
    root.slots = static_cast<int>(function.slots.size());
    return absl::OkStatus();
  }

 private:
  // Where a statement or an expression is.
  struct Scope {
    const Symbols& symbols;
    FunctionSlots& function;
    // True within a condition, where jinja2 reports unknown filters and tests only when they run.
    bool conditional;

    Scope Conditional() const { return {symbols, function, true}; }
  };

  static absl::Status Fail(int line, const std::string& message) {
    return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", message));
  }

  absl::Status ResolveAll(std::vector<Expression>& expressions, const Scope& scope) {
    for (Expression& expression : expressions) {
      RETURN_IF_ERROR(Resolve(expression, scope));
    }
    return absl::OkStatus();
  }

  absl::Status Resolve(Expression& expression, const Scope& scope) {
    RETURN_IF_ERROR(CheckKeys(expression));
    MarkConstants(expression);
    return ResolveParts(expression, scope);
  }

  absl::Status ResolveOperands(Expression& expression, const Scope& scope) {
    for (Expression& operand : expression.operands) {
      RETURN_IF_ERROR(ResolveParts(operand, scope));
    }
    return absl::OkStatus();
  }

  absl::Status ResolveParts(Expression& expression, const Scope& scope) {
    switch (expression.kind) {
      case ExpressionKind::kName:
        expression.variable = scope.symbols.Find(expression.name, scope.function);
        if (expression.variable.slot >= 0) return absl::OkStatus();
        return Fail(expression.line,
                    absl::StrCat("'", expression.name, "' is not a name of this scope"));
      case ExpressionKind::kIf:
        return ResolveOperands(expression, scope.Conditional());
      case ExpressionKind::kFilter:
      case ExpressionKind::kTest:
        if (!scope.conditional) RETURN_IF_ERROR(CheckName(expression));
        return ResolveOperands(expression, scope);
      default:
        return ResolveOperands(expression, scope);
    }
  }

  static absl::Status CheckName(const Expression& e) {
    const bool filter = e.kind == ExpressionKind::kFilter;
    if (filter ? IsSupportedFilter(e.name) : IsTest(e.name)) return absl::OkStatus();
    if (filter && IsFilter(e.name)) {
      return absl::UnimplementedError(
          absl::StrCat("line ", e.line, ": filter '", e.name, "' is not supported"));
    }
    return Fail(e.line,
                absl::StrCat("there is no ", filter ? "filter" : "test", " '", e.name, "'"));
  }

  absl::Status ResolveTarget(Target& target, int line, const Scope& scope) {
    for (Target& item : target.items) {
      RETURN_IF_ERROR(ResolveTarget(item, line, scope));
    }
    if (target.name.empty()) return absl::OkStatus();
    target.variable = scope.symbols.Find(target.name, scope.function);
    if (target.variable.slot >= 0) return absl::OkStatus();
    return Fail(line, absl::StrCat("'", target.name, "' is not a name of this scope"));
  }

  absl::Status ResolveBody(Body& body, const Scope& scope) {
    for (Statement& statement : body) {
      RETURN_IF_ERROR(Resolve(statement, scope));
    }
    return absl::OkStatus();
  }

  absl::Status Resolve(Statement& s, const Scope& scope) {
    switch (s.kind) {
      case Kind::kPrint:
        RETURN_IF_ERROR(CheckKeys(s.expression));
        MarkPrintedConstants(s);
        return ResolveParts(s.expression, scope);
      case Kind::kIf:
        for (Statement::Branch& branch : s.branches) {
          RETURN_IF_ERROR(Resolve(branch.condition, scope.Conditional()));
          RETURN_IF_ERROR(ResolveBody(branch.body, scope.Conditional()));
        }
        return absl::OkStatus();
      case Kind::kFor:
        return ResolveFor(s, scope);
      case Kind::kSet:
        RETURN_IF_ERROR(ResolveTarget(s.target, s.line, scope));
        return Resolve(s.expression, scope);
      case Kind::kSetBlock:
      case Kind::kFilter:
        return ResolveCapture(s, scope);
      case Kind::kWith:
        return ResolveWith(s, scope);
      case Kind::kMacro: {
        RETURN_IF_ERROR(ResolveMacro(s, scope));
        s.target.name = s.text;
        return ResolveTarget(s.target, s.line, scope);
      }
      case Kind::kCall:
        RETURN_IF_ERROR(ResolveMacro(s, scope));
        return Resolve(s.expression, scope);
      case Kind::kScope:
        return ResolveMacro(s, scope);
      default:
        return absl::OkStatus();
    }
  }

  absl::Status ResolveCapture(Statement& s, const Scope& scope) {
    Symbols symbols(&scope.symbols, &scope.function);
    SymbolFinder finder(symbols);
    finder.VisitBody(s.body);
    if (s.kind == Kind::kFilter) finder.Visit(s.expression);
    const Scope inner{symbols, scope.function, false};
    RETURN_IF_ERROR(ResolveBody(s.body, inner));
    if (s.kind == Kind::kSetBlock) {
      RETURN_IF_ERROR(ResolveTarget(s.target, s.line, scope));
    }
    RETURN_IF_ERROR(Resolve(s.expression, inner));
    s.frame = symbols.MakeFrame();
    return absl::OkStatus();
  }

  absl::Status ResolveWith(Statement& s, const Scope& scope) {
    Symbols symbols(&scope.symbols, &scope.function);
    SymbolFinder finder(symbols);
    finder.VisitParameters(s);
    finder.VisitBody(s.body);
    const Scope inner{symbols, scope.function, false};
    RETURN_IF_ERROR(ResolveAll(s.defaults, scope));
    for (Target& target : s.targets) {
      RETURN_IF_ERROR(ResolveTarget(target, s.line, inner));
    }
    RETURN_IF_ERROR(ResolveBody(s.body, inner));
    s.frame = symbols.MakeFrame();
    return absl::OkStatus();
  }

  // Resolves the body of a macro, a call block or a generation block, which is a function.
  absl::Status ResolveMacro(Statement& s, const Scope& scope) {
    FunctionSlots function{.outer = &scope.function, .slots = {}};
    Symbols symbols(&scope.symbols, &function);
    SymbolFinder finder(symbols);
    finder.VisitParameters(s);
    finder.VisitAll(s.defaults);
    finder.VisitBody(s.body);
    const Scope inner{symbols, function, false};
    RETURN_IF_ERROR(DeclareSpecialNames(s, symbols, function));
    for (Target& target : s.targets) {
      RETURN_IF_ERROR(ResolveTarget(target, s.line, inner));
    }
    RETURN_IF_ERROR(ResolveAll(s.defaults, inner));
    RETURN_IF_ERROR(ResolveBody(s.body, inner));
    s.frame = symbols.MakeFrame();
    s.slots = static_cast<int>(function.slots.size());
    return absl::OkStatus();
  }

  static absl::Status DeclareSpecialNames(Statement& s, Symbols& symbols,
                                          const FunctionSlots& function) {
    const std::set<std::string> used = FindUndeclared(s.body, {"caller", "kwargs", "varargs"});
    std::set<std::string> parameters;
    for (size_t i = 0; i < s.targets.size(); ++i) {
      parameters.insert(s.targets[i].name);
      const bool has_default = i + s.defaults.size() >= s.targets.size();
      if (s.targets[i].name == "caller" && used.contains("caller") && !has_default) {
        return Fail(s.line, "the parameter 'caller' of a macro needs a default");
      }
    }
    const auto declare = [&](const std::string& name) {
      if (!used.contains(name) || parameters.contains(name)) return -1;
      symbols.DeclareParameter(name);
      return symbols.Find(name, function).slot;
    };
    s.caller_slot = declare("caller");
    s.kwargs_slot = declare("kwargs");
    s.varargs_slot = declare("varargs");
    s.uses_caller = used.contains("caller");
    return absl::OkStatus();
  }

  absl::Status ResolveFor(Statement& s, const Scope& scope) {
    if (AssignsName(s, "loop")) return Fail(s.line, "'loop' cannot be assigned within a for loop");
    RETURN_IF_ERROR(Resolve(s.expression, scope));
    RETURN_IF_ERROR(ResolveFilter(s, scope));
    // The body of a recursive loop is a function.
    FunctionSlots own{.outer = &scope.function, .slots = {}};
    FunctionSlots& function = s.recursive ? own : scope.function;
    Symbols symbols(&scope.symbols, &function);
    const bool extended = s.recursive || FindUndeclared(s.body, {"loop"}).contains("loop");
    if (extended) {
      symbols.DeclareParameter("loop");
      s.loop_slot = symbols.Find("loop", function).slot;
    }
    SymbolFinder finder(symbols);
    finder.VisitTarget(s.target, true);
    finder.VisitBody(s.body);
    const Scope inner{symbols, function, false};
    RETURN_IF_ERROR(ResolveTarget(s.target, s.line, inner));
    RETURN_IF_ERROR(ResolveBody(s.body, inner));
    Symbols otherwise(&scope.symbols, &function);
    SymbolFinder(otherwise).VisitBody(s.otherwise);
    RETURN_IF_ERROR(ResolveBody(s.otherwise, {otherwise, function, false}));
    s.frame = symbols.MakeFrame();
    s.otherwise_frame = otherwise.MakeFrame();
    s.slots = static_cast<int>(own.slots.size());
    return absl::OkStatus();
  }

  // The condition of a loop is a function of its own. It has the loop's target but not `loop`.
  absl::Status ResolveFilter(Statement& s, const Scope& scope) {
    if (s.filter.empty()) return absl::OkStatus();
    FunctionSlots function{.outer = &scope.function, .slots = {}};
    Symbols symbols(&scope.symbols, &function);
    SymbolFinder finder(symbols);
    finder.VisitTarget(s.target, true);
    finder.VisitAll(s.filter);
    s.filter_target = s.target;
    const Scope inner{symbols, function, false};
    RETURN_IF_ERROR(ResolveTarget(s.filter_target, s.line, inner));
    RETURN_IF_ERROR(ResolveAll(s.filter, inner));
    s.filter_frame = symbols.MakeFrame();
    s.filter_slots = static_cast<int>(function.slots.size());
    return absl::OkStatus();
  }
};

}  // namespace

absl::Status ResolveNames(Statement* root) { return Resolver().ResolveTemplate(*root); }

}  // namespace assay::jinja
