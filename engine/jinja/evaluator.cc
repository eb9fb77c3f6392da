// Evaluates the expressions of a template; template_operators.cc has what values can do.
#include "engine/jinja/evaluator.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/builtins/methods.h"
#include "engine/jinja/builtins/tests.h"
#include "engine/jinja/values/operators.h"

namespace assay::jinja {
namespace {

using Value = Value;

// How an error names an expression.
std::string NameOf(const Expression& e) {
  const bool has_name = e.kind == ExpressionKind::kName || e.kind == ExpressionKind::kAttribute;
  return has_name ? absl::StrCat("'", e.name, "'") : "a value";
}

absl::Status IsUndefined(const Expression& e) {
  return absl::InvalidArgumentError(absl::StrCat(NameOf(e), " is undefined"));
}

}  // namespace

absl::Status DepthGuard::Check() const {
  if (depth_ <= kMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the template nests beyond ", kMax, " levels"));
}

absl::Status ErrorAt(int line, const absl::Status& status) {
  if (status.ok() || absl::StartsWith(status.message(), "line ")) return status;
  return {status.code(), absl::StrCat("line ", line, ": ", status.message())};
}

absl::StatusOr<Value> Evaluator::Evaluate(const Expression& e, const Scope& scope) {
  const DepthGuard depth(run_.depth);
  absl::Status s = depth.Check();
  if (s.ok()) s = run_.budget.Spend(1);
  if (!s.ok()) return ErrorAt(e.line, s);
  Result result = Apply(e, scope);
  if (result.ok()) return result;
  return ErrorAt(e.line, result.status());
}

absl::StatusOr<List> Evaluator::Operands(const Expression& e, const Scope& scope) {
  List operands;
  operands.reserve(e.operands.size());
  for (const Expression& operand : e.operands) {
    Result value = Evaluate(operand, scope);
    if (!value.ok()) return value.status();
    operands.push_back(*std::move(value));
  }
  return operands;
}

absl::StatusOr<Arguments> Evaluator::EvaluateArguments(const Expression& e, const Scope& scope) {
  Arguments arguments;
  const size_t first_named = e.operands.size() - e.names.size();
  for (size_t i = 1; i < e.operands.size(); ++i) {
    Result value = Evaluate(e.operands[i], scope);
    if (!value.ok()) return value.status();
    if (i < first_named) {
      arguments.positional.push_back(*std::move(value));
    } else {
      arguments.named.emplace_back(e.names[i - first_named], *std::move(value));
    }
  }
  return arguments;
}

absl::StatusOr<Value> Evaluator::Apply(const Expression& e, const Scope& scope) {
  switch (e.kind) {
    case ExpressionKind::kLiteral:
      return e.value;
    case ExpressionKind::kName:
      return scope.Find(e.name);
    case ExpressionKind::kLogical:
      return Logical(e, scope);
    case ExpressionKind::kIf:
      return Choose(e, scope);
    case ExpressionKind::kChain:
      return Chain(e, scope);
    case ExpressionKind::kCompare:
      return Comparisons(e, scope);
    case ExpressionKind::kCall:
      return Call(e, scope);
    case ExpressionKind::kTest:
    case ExpressionKind::kFilter: {
      Result value = Evaluate(e.operands[0], scope);
      if (!value.ok()) return value;
      ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(e, scope));
      if (e.kind == ExpressionKind::kFilter) {
        return RunTemplateFilter({e.name, *value, arguments, run_.budget});
      }
      ASSIGN_OR_RETURN(const bool passes, RunTemplateTest(e.name, *value, arguments, run_.budget));
      return Value{passes};
    }
    default:
      break;
  }
  ASSIGN_OR_RETURN(List operands, Operands(e, scope));
  switch (e.kind) {
    case ExpressionKind::kAttribute:
      return AttributeOf(operands[0], e);
    case ExpressionKind::kIndex:
      return Index(operands[0], operands[1], e);
    case ExpressionKind::kSlice:
      return SliceValue(operands[0], operands[1], operands[2], operands[3], run_.budget);
    case ExpressionKind::kUnary:
      if (e.name == "not") return Value{!operands[0].Truth()};
      return Signed(e.name, operands[0]);
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
      return absl::InternalError("expression of an unknown kind");
  }
}

// The operand that decides, as in Python.
absl::StatusOr<Value> Evaluator::Logical(const Expression& e, const Scope& scope) {
  Result value = Value{};
  for (const Expression& operand : e.operands) {
    value = Evaluate(operand, scope);
    if (!value.ok() || value->Truth() == (e.name == "or")) return value;
  }
  return value;
}

absl::StatusOr<Value> Evaluator::Choose(const Expression& e, const Scope& scope) {
  Result condition = Evaluate(e.operands[1], scope);
  if (!condition.ok()) return condition;
  return Evaluate(e.operands[condition->Truth() ? 0 : 2], scope);
}

absl::StatusOr<Value> Evaluator::Chain(const Expression& e, const Scope& scope) {
  Result value = Evaluate(e.operands[0], scope);
  for (size_t i = 0; value.ok() && i < e.names.size(); ++i) {
    Result right = Evaluate(e.operands[i + 1], scope);
    if (!right.ok()) return right;
    if (value->IsUndefined()) return IsUndefined(e.operands[i]);
    if (right->IsUndefined()) return IsUndefined(e.operands[i + 1]);
    value = Arithmetic(e.names[i], *value, *right, run_.budget);
  }
  return value;
}

absl::StatusOr<Value> Evaluator::Comparisons(const Expression& e, const Scope& scope) {
  Result left = Evaluate(e.operands[0], scope);
  for (size_t i = 0; left.ok() && i < e.names.size(); ++i) {
    Result right = Evaluate(e.operands[i + 1], scope);
    if (!right.ok()) return right;
    ASSIGN_OR_RETURN(const bool holds, Compare(e.names[i], *left, *right, run_.budget));
    if (!holds) return Value{false};
    left = std::move(right);
  }
  if (!left.ok()) return left;
  return Value{true};
}

absl::StatusOr<Value> Evaluator::Call(const Expression& e, const Scope& scope) {
  const Expression& callee = e.operands[0];
  Result function = Value{};
  if (callee.kind == ExpressionKind::kAttribute) {
    Result object = Evaluate(callee.operands[0], scope);
    if (!object.ok()) return object;
    if (HasMethod(*object, callee.name)) {
      ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(e, scope));
      return CallMethod(*object, callee.name, arguments, run_.budget);
    }
    function = AttributeOf(*object, callee);
  } else {
    function = Evaluate(callee, scope);
  }
  if (!function.ok()) return function;
  Object* object = function->AsObject();
  if (function->IsUndefined()) return IsUndefined(callee);
  if (object == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        NameOf(callee), " is ", std::string(TypeName(*function)), ", which cannot be called"));
  }
  ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(e, scope));
  return object->Call(arguments);
}

absl::StatusOr<Value> Evaluator::Method(const Value& value, const std::string& name) {
  run_.objects.push_back(
      std::make_unique<Function>([value, name, &budget = run_.budget](const Arguments& arguments) {
        return CallMethod(value, name, arguments, budget);
      }));
  return Value{run_.objects.back().get()};
}

absl::StatusOr<Value> Evaluator::AttributeOf(const Value& object, const Expression& e) {
  if (object.IsUndefined()) return IsUndefined(e.operands[0]);
  if (Object* of_run = object.AsObject()) return of_run->Attribute(e.name);
  if (HasMethod(object, e.name)) return Method(object, e.name);
  const Map* map = object.AsMap();
  const Value* found = map == nullptr ? nullptr : map->Find(e.name);
  return found == nullptr ? Value{} : *found;
}

absl::StatusOr<Value> Evaluator::Index(const Value& container, const Value& index,
                                       const Expression& e) {
  if (container.IsUndefined()) return IsUndefined(e.operands[0]);
  const std::string* name = index.AsText();
  Object* of_run = container.AsObject();
  if (of_run != nullptr) return name == nullptr ? Value{} : of_run->Attribute(*name);
  Result item = IndexValue(container, index);
  if (!item.ok() || !item->IsUndefined() || name == nullptr) return item;
  return HasMethod(container, *name) ? Method(container, *name) : item;
}

}  // namespace assay::jinja
