// Renders a parsed template: statements, scopes, loops and macros; evaluator.cc evaluates the
// expressions.
#include "engine/jinja/interpreter.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/functions.h"
#include "engine/jinja/evaluator.h"
#include "engine/jinja/loop.h"
#include "engine/jinja/scope.h"
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

using Body = std::vector<Statement>;

constexpr size_t kMaxOutputBytes = size_t{4} << 20;

// What ended the execution of a body.
enum class Flow { kNormal, kBreak, kContinue };
using FlowOr = absl::StatusOr<Flow>;

class Interpreter {
 public:
  Interpreter(const Map& variables, absl::Time now)
      : evaluator_({.budget = budget_, .objects = objects_, .depth = depth_}) {
    auto functions = std::make_shared<Scope>(nullptr);
    for (auto& [name, value] : BuiltinFunctions(now, objects_)) {
      functions->Set(name, std::move(value));
    }
    scope_ = std::make_shared<Scope>(std::move(functions));
    for (const auto& [name, value] : variables.entries()) scope_->Set(*name.AsString(), value);
  }

  absl::StatusOr<std::string> Run(const Body& program) {
    RETURN_IF_ERROR(RunBody(program).status());
    return std::move(out_);
  }

 private:
  class Macro : public Object {
   public:
    Macro(Interpreter& interpreter, const Statement& statement, std::shared_ptr<Scope> scope)
        : interpreter_(interpreter), statement_(statement), scope_(std::move(scope)) {}
    std::string TypeName() const override { return "macro"; }
    Value Attribute(std::string_view name) override {
      return name == "name" ? Value::String(statement_.text) : Value{};
    }
    Result Call(const Arguments& arguments) override {
      return interpreter_.CallMacro(statement_, scope_, arguments);
    }

   private:
    Interpreter& interpreter_;
    const Statement& statement_;
    const std::shared_ptr<Scope> scope_;
  };

  // Makes an empty scope within `parent` the current one during its lifetime.
  class NestedScope {
   public:
    NestedScope(Interpreter& interpreter, std::shared_ptr<const Scope> parent)
        : interpreter_(interpreter),
          outer_(std::exchange(interpreter.scope_, std::make_shared<Scope>(std::move(parent)))) {}
    ~NestedScope() { interpreter_.scope_ = std::move(outer_); }
    NestedScope(const NestedScope&) = delete;
    NestedScope& operator=(const NestedScope&) = delete;

   private:
    Interpreter& interpreter_;
    std::shared_ptr<Scope> outer_;
  };

  Result Evaluate(const Expression& expression) { return evaluator_.Evaluate(expression, *scope_); }

  absl::Status Write(int line, std::string_view text) {
    if (text.size() > kMaxOutputBytes - out_.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line ", line, ": the template writes more than ", kMaxOutputBytes, " bytes"));
    }
    out_ += text;
    return AnnotateLine(line, budget_.SpendBytes(text.size()));
  }

  FlowOr RunBody(const Body& body) {
    const DepthGuard depth(depth_);
    for (const Statement& statement : body) {
      absl::Status s = depth.Check();
      if (s.ok()) s = budget_.Spend(1);
      if (!s.ok()) return AnnotateLine(statement.line, s);
      FlowOr flow = Execute(statement);
      if (!flow.ok() || *flow != Flow::kNormal) return flow;
    }
    return Flow::kNormal;
  }

  static FlowOr ToFlow(const absl::Status& status) {
    if (!status.ok()) return status;
    return Flow::kNormal;
  }

  FlowOr Execute(const Statement& statement) {
    switch (statement.kind) {
      case StatementKind::kText:
        return ToFlow(Write(statement.line, statement.text));
      case StatementKind::kPrint:
        return ToFlow(Print(statement, Evaluate(statement.expression)));
      case StatementKind::kSet: {
        ASSIGN_OR_RETURN(const Value value, Evaluate(statement.expression));
        return ToFlow(AnnotateLine(statement.line, Assign(statement.target, value)));
      }
      case StatementKind::kSetBlock: {
        ASSIGN_OR_RETURN(const Value value, RenderFilteredBody(statement));
        return ToFlow(AnnotateLine(statement.line, Assign(statement.target, value)));
      }
      case StatementKind::kFilter:
        return ToFlow(Print(statement, RenderFilteredBody(statement)));
      case StatementKind::kIf:
        return ExecuteIf(statement);
      case StatementKind::kFor:
        return ToFlow(ExecuteFor(statement));
      case StatementKind::kWith:
        return ExecuteWith(statement);
      case StatementKind::kScope: {
        const NestedScope nested(*this, scope_);
        return RunBody(statement.body);
      }
      case StatementKind::kMacro:
        objects_.push_back(std::make_unique<Macro>(*this, statement, scope_));
        scope_->Set(statement.text, Value{objects_.back().get()});
        return Flow::kNormal;
      case StatementKind::kBreak:
        return Flow::kBreak;
      case StatementKind::kContinue:
        return Flow::kContinue;
    }
    return absl::InternalError("unknown kind of statement");
  }

  absl::Status Print(const Statement& statement, const Result& value) {
    if (!value.ok()) return value.status();
    const absl::StatusOr<std::string> text = ToString(*value);
    if (!text.ok()) return AnnotateLine(statement.line, text.status());
    return Write(statement.line, *text);
  }

  absl::Status Assign(const Target& target, const Value& value) {
    if (!target.items.empty()) return Unpack(target, value);
    if (target.attribute.empty()) {
      scope_->Set(target.name, value);
      return absl::OkStatus();
    }
    auto* space = dynamic_cast<Namespace*>(scope_->Find(target.name).AsObject());
    if (space == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("cannot set '", target.attribute, "': '",
                                                     target.name, "' is not a namespace"));
    }
    return space->Set(target.attribute, value);
  }

  absl::Status Unpack(const Target& target, const Value& value) {
    ASSIGN_OR_RETURN(const List items, GetItems(value, budget_));
    if (items.size() != target.items.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "cannot unpack ", items.size(), " values into ", target.items.size(), " names"));
    }
    for (size_t i = 0; i < items.size(); ++i) {
      RETURN_IF_ERROR(Assign(target.items[i], items[i]));
    }
    return absl::OkStatus();
  }

  // Returns the output of `body`, which runs in the current scope.
  absl::StatusOr<std::string> Capture(const Body& body) {
    std::string outside = std::exchange(out_, {});
    const FlowOr flow = RunBody(body);
    std::string written = std::exchange(out_, std::move(outside));
    if (!flow.ok()) return flow.status();
    return written;
  }

  // Runs the body of a filter block or a set block and applies its filters to the output.
  Result RenderFilteredBody(const Statement& statement) {
    const NestedScope nested(*this, scope_);
    ASSIGN_OR_RETURN(std::string text, Capture(statement.body));
    scope_->Set(kBlockInput, Value::String(std::move(text)));
    return Evaluate(statement.expression);
  }

  FlowOr ExecuteIf(const Statement& statement) {
    for (const Statement::Branch& branch : statement.branches) {
      ASSIGN_OR_RETURN(const Value condition, Evaluate(branch.condition));
      if (condition.IsTruthy()) return RunBody(branch.body);
    }
    return Flow::kNormal;
  }

  FlowOr ExecuteWith(const Statement& statement) {
    List values;
    for (const Expression& expression : statement.defaults) {
      ASSIGN_OR_RETURN(Value value, Evaluate(expression));
      values.push_back(std::move(value));
    }
    const NestedScope nested(*this, scope_);
    for (size_t i = 0; i < values.size(); ++i) {
      absl::Status s = Assign(statement.targets[i], values[i]);
      if (!s.ok()) return AnnotateLine(statement.line, s);
    }
    return RunBody(statement.body);
  }

  // Returns the items of a for that pass its `if`.
  absl::StatusOr<List> LoopItems(const Statement& statement) {
    ASSIGN_OR_RETURN(const Value value, Evaluate(statement.expression));
    absl::StatusOr<List> items = GetItems(value, budget_);
    if (!items.ok()) return AnnotateLine(statement.line, items.status());
    if (statement.filter.empty()) return items;
    List kept;
    for (const Value& item : *items) {
      const NestedScope nested(*this, scope_);
      absl::Status s = Assign(statement.target, item);
      if (!s.ok()) return AnnotateLine(statement.line, s);
      ASSIGN_OR_RETURN(const Value passes, Evaluate(statement.filter[0]));
      if (passes.IsTruthy()) kept.push_back(item);
    }
    return kept;
  }

  absl::Status ExecuteFor(const Statement& statement) {
    ASSIGN_OR_RETURN(List items, LoopItems(statement));
    auto owned = std::make_unique<Loop>(std::move(items), objects_, budget_);
    Loop& loop = *owned;
    objects_.push_back(std::move(owned));
    // jinja2 runs the else unless at least one iteration reached its end.
    bool completed_iteration = false;
    for (size_t i = 0; i < loop.items().size(); ++i) {
      // Variables that an iteration sets end with it.
      const NestedScope nested(*this, scope_);
      loop.SetIndex(i);
      scope_->Set("loop", Value{&loop});
      absl::Status s = budget_.Spend(1);
      if (s.ok()) s = Assign(statement.target, loop.items()[i]);
      if (!s.ok()) return AnnotateLine(statement.line, s);
      ASSIGN_OR_RETURN(const Flow flow, RunBody(statement.body));
      if (flow == Flow::kBreak) break;
      if (flow == Flow::kNormal) completed_iteration = true;
    }
    if (completed_iteration) return absl::OkStatus();
    const NestedScope nested(*this, scope_);
    return RunBody(statement.otherwise).status();
  }

  Result CallMacro(const Statement& macro, const std::shared_ptr<Scope>& scope,
                   const Arguments& arguments) {
    const DepthGuard depth(depth_);
    RETURN_IF_ERROR(depth.Check());
    if (arguments.positional.size() > macro.targets.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("macro '", macro.text, "': too many arguments (",
                       arguments.positional.size(), "); at most ", macro.targets.size()));
    }
    const NestedScope nested(*this, scope);
    const size_t without_default = macro.targets.size() - macro.defaults.size();
    std::vector<bool> used(arguments.named.size());
    for (size_t i = 0; i < macro.targets.size(); ++i) {
      const std::string& name = macro.targets[i].name;
      Result value = Value{};
      size_t named = 0;
      while (named < used.size() && arguments.named[named].first != name) ++named;
      if (i < arguments.positional.size()) {
        value = arguments.positional[i];
      } else if (named < used.size()) {
        used[named] = true;
        value = arguments.named[named].second;
      } else if (i >= without_default) {
        value = Evaluate(macro.defaults[i - without_default]);
      }
      if (!value.ok()) return value;
      scope_->Set(name, *std::move(value));
    }
    for (size_t i = 0; i < used.size(); ++i) {
      if (used[i]) continue;
      return absl::InvalidArgumentError(absl::StrCat("macro '", macro.text, "': argument '",
                                                     arguments.named[i].first,
                                                     "' is unknown or duplicated"));
    }
    ASSIGN_OR_RETURN(std::string text, Capture(macro.body));
    return Value::String(std::move(text));
  }

  Budget budget_;
  Objects objects_;
  int depth_ = 0;
  Evaluator evaluator_;
  std::shared_ptr<Scope> scope_;
  std::string out_;
};

}  // namespace

absl::StatusOr<std::string> RenderTemplate(const Body& program, const Map& variables,
                                           absl::Time now) {
  return Interpreter(variables, now).Run(program);
}

}  // namespace assay::jinja
