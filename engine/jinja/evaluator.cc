// Evaluates the expressions of a template; values/ implements the operations on values.
#include "engine/jinja/evaluator.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/attributes.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/builtins/methods.h"
#include "engine/jinja/builtins/tests.h"
#include "engine/jinja/values/index.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/operators.h"

namespace assay::jinja {
namespace {

// A macro compares each named argument with each of its parameters.
constexpr size_t kMaxMapArguments = 1024;
constexpr int64_t kStepsPerMapArgument = 4;

// Returns the name of an expression for error messages.
std::string Describe(const Expression& e) {
  const bool has_name = e.kind == ExpressionKind::kName || e.kind == ExpressionKind::kAttribute;
  return has_name ? absl::StrCat("'", e.name, "'") : "a value";
}

absl::Status UndefinedError(const Expression& e) {
  return absl::InvalidArgumentError(absl::StrCat(Describe(e), " is undefined"));
}

// True for what jinja2's compiler writes into Python code. Spends one step per item.
absl::StatusOr<bool> IsSafeConstant(const Value& value, Budget& budget) {
  RETURN_IF_ERROR(budget.Spend(1));
  List items;
  if (const Map* map = value.AsMap()) {
    for (const auto& [key, item] : map->entries()) {
      items.push_back(key);
      items.push_back(item);
    }
  } else if (const Sequence* sequence = value.AsSequence()) {
    if (!sequence->IsIndexable()) return false;
    items = sequence->items;
  }
  for (const Value& item : items) {
    absl::StatusOr<bool> safe = IsSafeConstant(item, budget);
    if (!safe.ok() || !*safe) return safe;
  }
  return !value.IsUndefined() && value.AsIterator() == nullptr;
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
  const DepthGuard depth(depth_);
  absl::Status s = depth.Check();
  if (s.ok()) s = run_.budget().Spend(1);
  if (!s.ok()) return AnnotateLine(e.line, s);
  Result result =
      e.folding == Folding::kNone ? EvaluateUnchecked(e, scope) : EvaluateFolded(e, scope);
  if (result.ok()) return result;
  return AnnotateLine(e.line, result.status());
}

Result Evaluator::EvaluateFolded(const Expression& e, const Scope& scope) {
  folding_ = true;
  Result result = EvaluateUnchecked(e, scope);
  folding_ = false;
  if (!result.ok()) return EvaluateUnchecked(e, scope);
  ASSIGN_OR_RETURN(const bool safe, e.folding == Folding::kPrinted
                                        ? absl::StatusOr<bool>(true)
                                        : IsSafeConstant(*result, run_.budget()));
  return safe ? std::move(result) : EvaluateUnchecked(e, scope);
}

Result Evaluator::EvaluateCallWith(const Expression& call, const Scope& scope,
                                   const Value& caller) {
  Result result = EvaluateCall(call, scope, &caller);
  if (result.ok()) return result;
  return AnnotateLine(call.line, result.status());
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

absl::Status Evaluator::AddList(const Value& list, Arguments* arguments) {
  ASSIGN_OR_RETURN(const List items, GetItems(list, run_.budget()));
  arguments->positional.insert(arguments->positional.end(), items.begin(), items.end());
  return absl::OkStatus();
}

absl::Status Evaluator::AddMap(const Value& map, Arguments* arguments) {
  if (map.AsMap() == nullptr) return TypeError("'**'", "a dictionary", map);
  const size_t count = map.AsMap()->entries().size();
  if (count > kMaxMapArguments) {
    return absl::UnimplementedError(
        absl::StrCat("'**' with more than ", kMaxMapArguments, " entries is not supported"));
  }
  for (const auto& [key, value] : map.AsMap()->entries()) {
    if (key.AsString() == nullptr) return TypeError("'**'", "strings as keys", key);
    for (const auto& [name, given] : arguments->named) {
      if (name == *key.AsString()) {
        return absl::InvalidArgumentError(absl::StrCat("argument '", name, "' is duplicated"));
      }
    }
    arguments->named.emplace_back(*key.AsString(), value);
  }
  return absl::OkStatus();
}

absl::StatusOr<Arguments> Evaluator::EvaluateArguments(const Expression& e, const Scope& scope) {
  Arguments arguments;
  const size_t end = e.operands.size() - (e.has_list ? 1 : 0) - (e.has_map ? 1 : 0);
  const size_t first_named = end - e.names.size();
  for (size_t i = 1; i < end; ++i) {
    ASSIGN_OR_RETURN(Value value, Evaluate(e.operands[i], scope));
    if (i < first_named) {
      arguments.positional.push_back(std::move(value));
    } else {
      arguments.named.emplace_back(e.names[i - first_named], std::move(value));
    }
  }
  if (e.has_list) {
    ASSIGN_OR_RETURN(const Value list, Evaluate(e.operands[end], scope));
    RETURN_IF_ERROR(AddList(list, &arguments));
  }
  if (e.has_map) {
    ASSIGN_OR_RETURN(const Value map, Evaluate(e.operands.back(), scope));
    RETURN_IF_ERROR(AddMap(map, &arguments));
    RETURN_IF_ERROR(run_.budget().Spend(static_cast<int64_t>(map.AsMap()->entries().size()) *
                                        kStepsPerMapArgument));
  }
  return arguments;
}

Result Evaluator::EvaluateUnchecked(const Expression& e, const Scope& scope) {
  switch (e.kind) {
    case ExpressionKind::kLiteral:
      return e.value;
    case ExpressionKind::kName:
      return scope.activation.Get(e.variable);
    case ExpressionKind::kBlockText:
      return *scope.block_text;
    case ExpressionKind::kLogical:
      return EvaluateLogical(e, scope);
    case ExpressionKind::kIf:
      return EvaluateConditional(e, scope);
    case ExpressionKind::kChain:
      return EvaluateChain(e, scope);
    case ExpressionKind::kCompare:
      return EvaluateComparisons(e, scope);
    case ExpressionKind::kConcat:
      return EvaluateConcatenation(e, scope);
    case ExpressionKind::kCall:
      return EvaluateCall(e, scope, nullptr);
    case ExpressionKind::kTest:
    case ExpressionKind::kFilter:
      return EvaluateFilterOrTest(e, scope);
    default: {
      ASSIGN_OR_RETURN(List operands, EvaluateOperands(e, scope));
      return EvaluateOperator(e, std::move(operands));
    }
  }
}

Result Evaluator::EvaluateOperator(const Expression& e, List operands) {
  switch (e.kind) {
    case ExpressionKind::kAttribute: {
      Result attribute = GetAttribute(operands[0], e.name, run_);
      // This error names the variable.
      if (!attribute.ok() && operands[0].IsUndefined()) return UndefinedError(e.operands[0]);
      return attribute;
    }
    case ExpressionKind::kIndex:
      if (operands[0].IsUndefined()) return UndefinedError(e.operands[0]);
      return GetItem(operands[0], operands[1], run_);
    case ExpressionKind::kSlice:
      if (operands[0].IsUndefined()) return UndefinedError(e.operands[0]);
      if (folding_ && !HasSlices(operands[0])) return Value{};
      return SliceValue(operands[0], operands[1], operands[2], operands[3], run_.budget());
    case ExpressionKind::kUnary:
      if (e.name == "not") return Value{!operands[0].IsTruthy()};
      return ApplySign(e.name, operands[0]);
    case ExpressionKind::kList:
      return MakeList(std::move(operands));
    case ExpressionKind::kTuple:
      return MakeTuple(std::move(operands));
    case ExpressionKind::kDict:
      return MakeDictionary(operands);
    default:
      return absl::InternalError("unknown kind of expression");
  }
}

Result Evaluator::MakeDictionary(const List& operands) {
  Map map;
  for (size_t i = 0; i + 1 < operands.size(); i += 2) {
    RETURN_IF_ERROR(SpendKey(operands[i], run_.budget()));
    RETURN_IF_ERROR(map.Set(operands[i], operands[i + 1]));
  }
  return MakeMap(std::move(map));
}

Result Evaluator::EvaluateFilterOrTest(const Expression& e, const Scope& scope) {
  ASSIGN_OR_RETURN(const Value value, Evaluate(e.operands[0], scope));
  ASSIGN_OR_RETURN(const Arguments arguments, EvaluateArguments(e, scope));
  if (e.kind == ExpressionKind::kFilter) return ApplyFilter({e.name, value, arguments, run_});
  ASSIGN_OR_RETURN(const bool passes, ApplyTest(e.name, value, arguments, run_.budget()));
  return Value{passes};
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
    // A string formats undefined as the empty string.
    const bool formats = e.names[i] == "%" && value->AsString() != nullptr;
    if (right.IsUndefined() && !formats) return UndefinedError(e.operands[i + 1]);
    value = Arithmetic(e.names[i], *value, right, run_.budget());
  }
  return value;
}

Result Evaluator::EvaluateComparisons(const Expression& e, const Scope& scope) {
  Result left = Evaluate(e.operands[0], scope);
  for (size_t i = 0; left.ok() && i < e.names.size(); ++i) {
    ASSIGN_OR_RETURN(Value right, Evaluate(e.operands[i + 1], scope));
    ASSIGN_OR_RETURN(const bool holds, Compare(e.names[i], *left, right, run_.budget()));
    if (!holds) return Value{false};
    left = std::move(right);
  }
  if (!left.ok()) return left;
  return Value{true};
}

Result Evaluator::EvaluateConcatenation(const Expression& e, const Scope& scope) {
  ASSIGN_OR_RETURN(const List operands, EvaluateOperands(e, scope));
  ASSIGN_OR_RETURN(Value text, Concatenate(operands));
  RETURN_IF_ERROR(run_.budget().SpendBytes(text.AsString()->size()));
  return text;
}

Result Evaluator::EvaluateCall(const Expression& e, const Scope& scope, const Value* caller) {
  const Expression& callee = e.operands[0];
  Result function = Value{};
  const auto with_caller = [&](Arguments arguments) {
    if (caller != nullptr) arguments.named.emplace_back("caller", *caller);
    return arguments;
  };
  if (callee.kind == ExpressionKind::kAttribute) {
    ASSIGN_OR_RETURN(const Value object, Evaluate(callee.operands[0], scope));
    if (object.IsUndefined()) return UndefinedError(callee.operands[0]);
    // This saves the object of a bound method.
    if (HasMethod(object, callee.name)) {
      ASSIGN_OR_RETURN(Arguments arguments, EvaluateArguments(e, scope));
      return CallMethod(object, callee.name, with_caller(std::move(arguments)), run_);
    }
    function = GetAttribute(object, callee.name, run_);
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
  ASSIGN_OR_RETURN(Arguments arguments, EvaluateArguments(e, scope));
  return object->Call(with_caller(std::move(arguments)));
}

}  // namespace assay::jinja
