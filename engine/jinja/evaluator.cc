// Evaluates the expressions of a template; values/ implements the operations on values.
#include "engine/jinja/evaluator.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/builtins/methods.h"
#include "engine/jinja/builtins/tests.h"
#include "engine/jinja/values/index.h"
#include "engine/jinja/values/operators.h"

namespace assay::jinja {
namespace {

// Returns the name of an expression for error messages.
std::string Describe(const Expression& e) {
  const bool has_name = e.kind == ExpressionKind::kName || e.kind == ExpressionKind::kAttribute;
  return has_name ? absl::StrCat("'", e.name, "'") : "a value";
}

absl::Status UndefinedError(const Expression& e) {
  return absl::InvalidArgumentError(absl::StrCat(Describe(e), " is undefined"));
}

}  // namespace

absl::Status DepthGuard::Check() const {
  if (depth_ <= kMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the template nests deeper than ", kMax, " levels"));
}

absl::Status AnnotateLine(int line, const absl::Status& status) {
  if (status.ok() || absl::StartsWith(status.message(), "line ")) return status;
  return Annotate(status, absl::StrCat("line ", line));
}

Result Evaluator::Evaluate(const Expression& e, const Scope& scope) {
  const DepthGuard depth(run_.depth);
  absl::Status s = depth.Check();
  if (s.ok()) s = run_.budget.Spend(1);
  if (!s.ok()) return AnnotateLine(e.line, s);
  Result result = EvaluateUnchecked(e, scope);
  if (result.ok()) return result;
  return AnnotateLine(e.line, result.status());
}

absl::StatusOr<List> Evaluator::EvaluateOperands(const Expression& e, const Scope& scope) {
  List operands;
  operands.reserve(e.operands.size());
  for (const Expression& operand : e.operands) {
    ASSIGN_OR_RETURN(Value value, Evaluate(operand, scope));
    operands.push_back(std::move(value));
  }
  return operands;
}

absl::StatusOr<Arguments> Evaluator::EvaluateArguments(const Expression& e, const Scope& scope) {
  Arguments arguments;
  const size_t first_named = e.operands.size() - e.names.size();
  for (size_t i = 1; i < e.operands.size(); ++i) {
    ASSIGN_OR_RETURN(Value value, Evaluate(e.operands[i], scope));
    if (i < first_named) {
      arguments.positional.push_back(std::move(value));
    } else {
      arguments.named.emplace_back(e.names[i - first_named], std::move(value));
    }
  }
  return arguments;
}

Result Evaluator::EvaluateUnchecked(const Expression& e, const Scope& scope) {
  switch (e.kind) {
    case ExpressionKind::kLiteral:
      return e.value;
    case ExpressionKind::kName:
      return scope.Find(e.name);
    case ExpressionKind::kLogical:
      return EvaluateLogical(e, scope);
    case ExpressionKind::kIf:
      return EvaluateConditional(e, scope);
    case ExpressionKind::kChain:
      return EvaluateChain(e, scope);
    case ExpressionKind::kCompare:
      return EvaluateComparisons(e, scope);
    case ExpressionKind::kCall:
      return EvaluateCall(e, scope);
    case ExpressionKind::kTest:
    case ExpressionKind::kFilter: {
      ASSIGN_OR_RETURN(const Value value, Evaluate(e.operands[0], scope));
      ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(e, scope));
      if (e.kind == ExpressionKind::kFilter) {
        return ApplyFilter({e.name, value, arguments, run_.budget});
      }
      ASSIGN_OR_RETURN(const bool passes, ApplyTest(e.name, value, arguments, run_.budget));
      return Value{passes};
    }
    default:
      break;
  }
  ASSIGN_OR_RETURN(List operands, EvaluateOperands(e, scope));
  switch (e.kind) {
    case ExpressionKind::kAttribute:
      return GetAttribute(operands[0], e);
    case ExpressionKind::kIndex:
      return GetItem(operands[0], operands[1], e);
    case ExpressionKind::kSlice:
      return SliceValue(operands[0], operands[1], operands[2], operands[3], run_.budget);
    case ExpressionKind::kUnary:
      if (e.name == "not") return Value{!operands[0].IsTruthy()};
      return ApplySign(e.name, operands[0]);
    case ExpressionKind::kConcat:
      return Concatenate(operands);
    case ExpressionKind::kList:
      return MakeList(std::move(operands));
    case ExpressionKind::kTuple:
      return MakeSequence(SequenceKind::kTuple, std::move(operands));
    case ExpressionKind::kDict: {
      Map map;
      for (size_t i = 0; i + 1 < operands.size(); i += 2) {
        RETURN_IF_ERROR(map.Set(operands[i], operands[i + 1]));
      }
      return MakeMap(std::move(map));
    }
    default:
      return absl::InternalError("unknown kind of expression");
  }
}

// Returns the operand that decides the result, as Python does.
Result Evaluator::EvaluateLogical(const Expression& e, const Scope& scope) {
  Result value = Value{};
  for (const Expression& operand : e.operands) {
    value = Evaluate(operand, scope);
    if (!value.ok() || value->IsTruthy() == (e.name == "or")) return value;
  }
  return value;
}

Result Evaluator::EvaluateConditional(const Expression& e, const Scope& scope) {
  ASSIGN_OR_RETURN(const Value condition, Evaluate(e.operands[1], scope));
  return Evaluate(e.operands[condition.IsTruthy() ? 0 : 2], scope);
}

Result Evaluator::EvaluateChain(const Expression& e, const Scope& scope) {
  Result value = Evaluate(e.operands[0], scope);
  for (size_t i = 0; value.ok() && i < e.names.size(); ++i) {
    ASSIGN_OR_RETURN(const Value right, Evaluate(e.operands[i + 1], scope));
    if (value->IsUndefined()) return UndefinedError(e.operands[i]);
    if (right.IsUndefined()) return UndefinedError(e.operands[i + 1]);
    value = Arithmetic(e.names[i], *value, right, run_.budget);
  }
  return value;
}

Result Evaluator::EvaluateComparisons(const Expression& e, const Scope& scope) {
  Result left = Evaluate(e.operands[0], scope);
  for (size_t i = 0; left.ok() && i < e.names.size(); ++i) {
    ASSIGN_OR_RETURN(Value right, Evaluate(e.operands[i + 1], scope));
    ASSIGN_OR_RETURN(const bool holds, Compare(e.names[i], *left, right, run_.budget));
    if (!holds) return Value{false};
    left = std::move(right);
  }
  if (!left.ok()) return left;
  return Value{true};
}

Result Evaluator::EvaluateCall(const Expression& e, const Scope& scope) {
  const Expression& callee = e.operands[0];
  Result function = Value{};
  if (callee.kind == ExpressionKind::kAttribute) {
    ASSIGN_OR_RETURN(const Value object, Evaluate(callee.operands[0], scope));
    if (HasMethod(object, callee.name)) {
      ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(e, scope));
      return CallMethod(object, callee.name, arguments, run_.budget);
    }
    function = GetAttribute(object, callee);
  } else {
    function = Evaluate(callee, scope);
  }
  if (!function.ok()) return function;
  Object* object = function->AsObject();
  if (function->IsUndefined()) return UndefinedError(callee);
  if (object == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        Describe(callee), " is of type ", TypeName(*function), ", which cannot be called"));
  }
  ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(e, scope));
  return object->Call(arguments);
}

Result Evaluator::BindMethod(const Value& value, const std::string& name) {
  run_.objects.push_back(
      std::make_unique<Function>([value, name, &budget = run_.budget](const Arguments& arguments) {
        return CallMethod(value, name, arguments, budget);
      }));
  return Value{run_.objects.back().get()};
}

Result Evaluator::GetAttribute(const Value& object, const Expression& e) {
  if (object.IsUndefined()) return UndefinedError(e.operands[0]);
  if (Object* run_object = object.AsObject()) return run_object->Attribute(e.name);
  if (HasMethod(object, e.name)) return BindMethod(object, e.name);
  const Map* map = object.AsMap();
  const Value* found = map == nullptr ? nullptr : map->Find(e.name);
  return found == nullptr ? Value{} : *found;
}

Result Evaluator::GetItem(const Value& container, const Value& index, const Expression& e) {
  if (container.IsUndefined()) return UndefinedError(e.operands[0]);
  const std::string* name = index.AsString();
  Object* run_object = container.AsObject();
  if (run_object != nullptr) return name == nullptr ? Value{} : run_object->Attribute(*name);
  Result item = IndexValue(container, index);
  if (!item.ok() || !item->IsUndefined() || name == nullptr) return item;
  return HasMethod(container, *name) ? BindMethod(container, *name) : item;
}

}  // namespace assay::jinja
