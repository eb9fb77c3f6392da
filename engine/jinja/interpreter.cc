// Renders a parsed template: statements, frames, loops and calls; evaluator.cc evaluates the
// expressions.
#include "engine/jinja/interpreter.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "engine/jinja/activation.h"
#include "engine/jinja/builtins/functions.h"
#include "engine/jinja/builtins/helpers.h"
#include "engine/jinja/builtins/run.h"
#include "engine/jinja/evaluator.h"
#include "engine/jinja/loop.h"
#include "engine/jinja/macro.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

using Body = std::vector<Statement>;
using ActivationPtr = std::shared_ptr<Activation>;

constexpr size_t kMaxOutputBytes = size_t{4} << 20;

// What ended the execution of a body.
enum class Flow { kNormal, kBreak, kContinue };
using FlowOr = absl::StatusOr<Flow>;

class Interpreter {
 public:
  Interpreter() : evaluator_(run_, depth_) {}

  absl::StatusOr<std::string> RunTemplate(const Statement& root, const Map& variables,
                                          absl::Time now) {
    ASSIGN_OR_RETURN(auto functions, BuiltinFunctions(now, run_));
    for (auto& [name, value] : functions) globals_[name] = std::move(value);
    for (const auto& [name, value] : variables.entries()) globals_[*name.AsString()] = value;
    const Call call(*this, nullptr, root.slots);
    EnterFrame(root.frame);
    RETURN_IF_ERROR(RunBody(root.body).status());
    return std::move(out_);
  }

 private:
  // Makes a call of a function the current one during its lifetime.
  class Call {
   public:
    Call(Interpreter& interpreter, const ActivationPtr& outer, int slots)
        : Call(interpreter, std::make_shared<Activation>(outer, slots)) {}
    Call(Interpreter& interpreter, ActivationPtr activation)
        : interpreter_(interpreter),
          before_(std::exchange(interpreter.activation_, std::move(activation))) {}
    ~Call() { interpreter_.activation_ = std::move(before_); }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    Interpreter& interpreter_;
    ActivationPtr before_;
  };

  // Collects the output in a string of its own during its lifetime.
  class Buffer {
   public:
    explicit Buffer(Interpreter& interpreter)
        : interpreter_(interpreter), before_(std::exchange(interpreter.out_, {})) {}
    ~Buffer() { interpreter_.out_ = std::move(before_); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    Value Take() { return Value::String(std::exchange(interpreter_.out_, {})); }

   private:
    Interpreter& interpreter_;
    std::string before_;
  };

  Result Evaluate(const Expression& expression, const Value* block_text = nullptr) {
    return evaluator_.Evaluate(expression, {*activation_, block_text});
  }

  void EnterFrame(const Frame& frame) {
    for (const FrameEntry& entry : frame.entries) {
      if (entry.kind == FrameEntry::Kind::kAlias) {
        activation_->Set(entry.slot, activation_->Get(entry.source));
      } else if (entry.kind == FrameEntry::Kind::kUndefined) {
        activation_->Set(entry.slot, Value{});
      } else if (entry.kind == FrameEntry::Kind::kGlobal) {
        const auto found = globals_.find(entry.name);
        activation_->Set(entry.slot, found == globals_.end() ? Value{} : found->second);
      }
    }
  }

  void LeaveFrame(const Frame& frame) {
    for (const FrameEntry& entry : frame.entries) activation_->Set(entry.slot, Value{});
  }

  absl::Status Write(int line, std::string_view text) {
    if (text.size() > kMaxOutputBytes - out_.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line ", line, ": the template writes more than ", kMaxOutputBytes, " bytes"));
    }
    out_ += text;
    return AnnotateLine(line, run_.budget().SpendBytes(text.size()));
  }

  FlowOr RunBody(const Body& body) {
    const DepthGuard depth(depth_);
    for (const Statement& statement : body) {
      absl::Status s = depth.Check();
      if (s.ok()) s = run_.budget().Spend(1);
      if (!s.ok()) return AnnotateLine(statement.line, s);
      FlowOr flow = Execute(statement);
      if (!flow.ok()) return AnnotateLine(statement.line, flow.status());
      if (*flow != Flow::kNormal) return flow;
    }
    return Flow::kNormal;
  }

  static FlowOr ToFlow(const absl::Status& status) {
    if (!status.ok()) return status;
    return Flow::kNormal;
  }

  FlowOr Execute(const Statement& s) {
    switch (s.kind) {
      case StatementKind::kText:
        return ToFlow(Write(s.line, s.text));
      case StatementKind::kPrint:
        return ToFlow(Print(s, Evaluate(s.expression)));
      case StatementKind::kSet:
        return ToFlow(ExecuteSet(s));
      case StatementKind::kSetBlock:
      case StatementKind::kFilter:
        return ExecuteCapture(s);
      case StatementKind::kIf:
        return ExecuteIf(s);
      case StatementKind::kFor:
        return ToFlow(ExecuteFor(s));
      case StatementKind::kWith:
        return ExecuteWith(s);
      case StatementKind::kScope: {
        ASSIGN_OR_RETURN(const Value block, MakeMacro(s));
        return ToFlow(Print(s, block.AsObject()->Call({})));
      }
      case StatementKind::kMacro: {
        ASSIGN_OR_RETURN(const Value macro, MakeMacro(s));
        return ToFlow(Assign(s.target, macro));
      }
      case StatementKind::kCall: {
        ASSIGN_OR_RETURN(const Value caller, MakeMacro(s));
        return ToFlow(
            PrintString(s, evaluator_.EvaluateCallWith(s.expression, {*activation_}, caller)));
      }
      case StatementKind::kBreak:
        return Flow::kBreak;
      case StatementKind::kContinue:
        return Flow::kContinue;
      case StatementKind::kTemplate:
        break;
    }
    return absl::InternalError("unknown kind of statement");
  }

  absl::Status Print(const Statement& statement, const Result& value) {
    if (!value.ok()) return value.status();
    ASSIGN_OR_RETURN(const std::string text, ToString(*value));
    return Write(statement.line, text);
  }

  // Writes the result of a block. Unlike an expression, it must be a string.
  absl::Status PrintString(const Statement& statement, const Result& value) {
    if (value.ok() && value->AsString() == nullptr) {
      return TypeError("a block", "a string as its result", *value);
    }
    return Print(statement, value);
  }

  // Returns null unless the target is a namespace.
  Namespace* FindNamespace(const Target& target) const {
    return dynamic_cast<Namespace*>(activation_->Get(target.variable).AsObject());
  }

  // Checks that what gets an attribute is a namespace.
  absl::Status CheckTarget(const Target& target) const {
    for (const Target& item : target.items) {
      RETURN_IF_ERROR(CheckTarget(item));
    }
    if (target.attribute.empty() || FindNamespace(target) != nullptr) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("cannot set '", target.attribute, "': '",
                                                   target.name, "' is not a namespace"));
  }

  absl::Status Assign(const Target& target, const Value& value) {
    if (target.is_tuple) return Unpack(target, value);
    if (!target.attribute.empty()) {
      // An earlier part of the same assignment may have replaced the namespace.
      RETURN_IF_ERROR(CheckTarget(target));
      return FindNamespace(target)->Set(target.attribute, value);
    }
    activation_->Set(target.variable.slot, value);
    return absl::OkStatus();
  }

  absl::Status Unpack(const Target& target, const Value& value) {
    ASSIGN_OR_RETURN(const List items, GetItems(value, run_.budget()));
    if (items.size() != target.items.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "cannot unpack ", items.size(), " values into ", target.items.size(), " names"));
    }
    for (size_t i = 0; i < items.size(); ++i) {
      RETURN_IF_ERROR(Assign(target.items[i], items[i]));
    }
    return absl::OkStatus();
  }

  absl::Status ExecuteSet(const Statement& s) {
    RETURN_IF_ERROR(CheckTarget(s.target));
    ASSIGN_OR_RETURN(const Value value, Evaluate(s.expression));
    return Assign(s.target, value);
  }

  // Runs a set block or a filter block.
  FlowOr ExecuteCapture(const Statement& s) {
    EnterFrame(s.frame);
    Value text;
    {
      Buffer buffer(*this);
      ASSIGN_OR_RETURN(const Flow flow, RunBody(s.body));
      if (flow != Flow::kNormal) return flow;
      text = buffer.Take();
    }
    ASSIGN_OR_RETURN(const Value value, Evaluate(s.expression, &text));
    const absl::Status status =
        s.kind == StatementKind::kFilter ? PrintString(s, value) : Assign(s.target, value);
    LeaveFrame(s.frame);
    return ToFlow(status);
  }

  FlowOr ExecuteIf(const Statement& statement) {
    for (const Statement::Branch& branch : statement.branches) {
      ASSIGN_OR_RETURN(const Value condition, Evaluate(branch.condition));
      if (condition.IsTruthy()) return RunBody(branch.body);
    }
    return Flow::kNormal;
  }

  FlowOr ExecuteWith(const Statement& s) {
    EnterFrame(s.frame);
    for (size_t i = 0; i < s.targets.size(); ++i) {
      ASSIGN_OR_RETURN(const Value value, Evaluate(s.defaults[i]));
      RETURN_IF_ERROR(Assign(s.targets[i], value));
    }
    FlowOr flow = RunBody(s.body);
    LeaveFrame(s.frame);
    return flow;
  }

  // Returns the value of a target: a tuple if it unpacks.
  Result ReadTarget(const Target& target) const {
    if (!target.is_tuple) return activation_->Get(target.variable);
    List items;
    for (const Target& item : target.items) {
      ASSIGN_OR_RETURN(Value value, ReadTarget(item));
      items.push_back(std::move(value));
    }
    return MakeTuple(std::move(items));
  }

  // Returns an iterator over the items that pass the condition of a loop. It checks an item when
  // the loop needs it, because the body may change what the condition reads.
  absl::StatusOr<std::shared_ptr<Iterator>> FilterItems(const Statement& s,
                                                        std::shared_ptr<Iterator> items) {
    auto activation = std::make_shared<Activation>(activation_, s.filter_slots);
    auto entered = std::make_shared<bool>(false);
    const int nesting = items->nesting();
    return std::make_shared<Generator>(
        [this, &s, activation, entered,
         items = std::move(items)]() -> absl::StatusOr<std::optional<Value>> {
          const Call call(*this, activation);
          if (!std::exchange(*entered, true)) EnterFrame(s.filter_frame);
          while (true) {
            RETURN_IF_ERROR(run_.budget().Spend(1));
            ASSIGN_OR_RETURN(const std::optional<Value> item, items->Next());
            if (!item.has_value()) return std::nullopt;
            RETURN_IF_ERROR(Assign(s.filter_target, *item));
            ASSIGN_OR_RETURN(const Value passes, Evaluate(s.filter[0]));
            if (!passes.IsTruthy()) continue;
            ASSIGN_OR_RETURN(Value kept, ReadTarget(s.filter_target));
            return kept;
          }
        },
        nesting);
  }

  absl::Status ExecuteFor(const Statement& s) {
    if (!s.recursive) {
      ASSIGN_OR_RETURN(const Value iterable, Evaluate(s.expression));
      return RunLoop(s, iterable, activation_, 0);
    }
    ASSIGN_OR_RETURN(const Value iterable, Evaluate(s.expression));
    return Print(s, CallLoop(s, activation_, iterable, 0));
  }

  // Runs the body of a recursive loop as a function.
  Result CallLoop(const Statement& s, const ActivationPtr& outer, const Value& iterable,
                  int64_t depth0) {
    const DepthGuard depth(depth_);
    RETURN_IF_ERROR(depth.Check());
    const Call call(*this, outer, s.slots);
    Buffer buffer(*this);
    RETURN_IF_ERROR(RunLoop(s, iterable, outer, depth0));
    return buffer.Take();
  }

  absl::Status RunLoop(const Statement& s, const Value& iterable, const ActivationPtr& outer,
                       int64_t depth0) {
    ASSIGN_OR_RETURN(std::shared_ptr<Iterator> items, GetIterator(iterable, run_.budget()));
    Value counted = iterable;
    if (!s.filter.empty()) {
      // The condition of a recursive loop is defined outside of the loop's function.
      const Call call(*this, outer);
      ASSIGN_OR_RETURN(items, FilterItems(s, std::move(items)));
      counted = Value{items};
    }
    Loop::Recurse recurse;
    if (s.recursive) {
      recurse = [this, &s, outer](const Value& inner, int64_t inner_depth0) {
        return CallLoop(s, outer, inner, inner_depth0);
      };
    }
    Loop* loop = nullptr;
    if (s.loop_slot >= 0) {
      auto owned = std::make_unique<Loop>(counted, items, std::move(recurse), depth0, run_);
      loop = owned.get();
      RETURN_IF_ERROR(run_.Own(std::move(owned)).status());
    }
    ASSIGN_OR_RETURN(const bool completed, Iterate(s, *items, loop));
    if (loop != nullptr) loop->Finish();
    if (!s.recursive || !s.otherwise.empty()) LeaveFrame(s.frame);
    if (completed || s.otherwise.empty()) return absl::OkStatus();
    EnterFrame(s.otherwise_frame);
    RETURN_IF_ERROR(RunBody(s.otherwise).status());
    LeaveFrame(s.otherwise_frame);
    return absl::OkStatus();
  }

  // Runs the iterations of a loop. Returns true if at least one of them reached its end; otherwise
  // jinja2 runs the else.
  absl::StatusOr<bool> Iterate(const Statement& s, Iterator& items, Loop* loop) {
    bool completed = false;
    while (true) {
      RETURN_IF_ERROR(run_.budget().Spend(1));
      ASSIGN_OR_RETURN(const std::optional<Value> item,
                       loop == nullptr ? items.Next() : loop->Next());
      if (!item.has_value()) return completed;
      RETURN_IF_ERROR(Assign(s.target, *item));
      if (loop != nullptr) activation_->Set(s.loop_slot, Value{loop});
      EnterFrame(s.frame);
      ASSIGN_OR_RETURN(const Flow flow, RunBody(s.body));
      if (flow == Flow::kBreak) return completed;
      completed = completed || flow == Flow::kNormal;
    }
  }

  Result MakeMacro(const Statement& s) {
    return run_.Own(std::make_unique<Macro>(
        s, activation_,
        [this](const Statement& macro, const ActivationPtr& outer, const Macro::Bound& bound) {
          return CallMacro(macro, outer, bound);
        }));
  }

  Result CallMacro(const Statement& macro, const ActivationPtr& outer, const Macro::Bound& bound) {
    const DepthGuard depth(depth_);
    RETURN_IF_ERROR(depth.Check());
    const Call call(*this, outer, macro.slots);
    EnterFrame(macro.frame);
    if (macro.caller_slot >= 0) activation_->Set(macro.caller_slot, bound.caller);
    if (macro.kwargs_slot >= 0) activation_->Set(macro.kwargs_slot, bound.kwargs);
    if (macro.varargs_slot >= 0) activation_->Set(macro.varargs_slot, bound.varargs);
    for (size_t i = 0; i < bound.parameters.size(); ++i) {
      if (bound.parameters[i].has_value()) {
        activation_->Set(macro.targets[i].variable.slot, *bound.parameters[i]);
      }
    }
    const size_t without_default = macro.targets.size() - macro.defaults.size();
    for (size_t i = without_default; i < bound.parameters.size(); ++i) {
      if (bound.parameters[i].has_value()) continue;
      ASSIGN_OR_RETURN(Value value, Evaluate(macro.defaults[i - without_default]));
      activation_->Set(macro.targets[i].variable.slot, std::move(value));
    }
    Buffer buffer(*this);
    RETURN_IF_ERROR(RunBody(macro.body).status());
    return buffer.Take();
  }

  Run run_;
  int depth_ = 0;
  Evaluator evaluator_;
  // The variables that the template is rendered with, and the built-in functions.
  absl::flat_hash_map<std::string, Value> globals_;
  ActivationPtr activation_;
  std::string out_;
};

}  // namespace

absl::StatusOr<std::string> RenderTemplate(const Body& program, const Map& variables,
                                           absl::Time now) {
  if (program.size() != 1 || program[0].kind != StatementKind::kTemplate) {
    return absl::InternalError("a program must be a template");
  }
  return Interpreter().RunTemplate(program[0], variables, now);
}

}  // namespace assay::jinja
