// Evaluates the expressions of a template.
#ifndef ASSAY_ENGINE_JINJA_EVALUATOR_H_
#define ASSAY_ENGINE_JINJA_EVALUATOR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/builtins/functions.h"
#include "engine/jinja/scope.h"
#include "engine/jinja/syntax/ast.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Counts one level of nested statements, expressions and macro calls during its lifetime. The limit
// keeps a template from overflowing the stack of a thread (512 KiB on macOS).
class DepthGuard {
 public:
  static constexpr int kMax = 200;

  explicit DepthGuard(int& depth) : depth_(depth) { ++depth_; }
  ~DepthGuard() { --depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

  // Returns INVALID_ARGUMENT beyond kMax.
  absl::Status Check() const;

 private:
  int& depth_;
};

// Returns `status` with "line N: " before its message, unless it already names a line.
absl::Status AnnotateLine(int line, const absl::Status& status);

// Evaluates expressions within one run. Errors are those of RenderTemplate(). Not thread-safe.
class Evaluator {
 public:
  // The state of the run, which must outlive the evaluator.
  struct Run {
    Budget& budget;
    Objects& objects;
    int& depth;
  };
  explicit Evaluator(Run run) : run_(run) {}

  Result Evaluate(const Expression& expression, const Scope& scope);

 private:
  // Evaluates without checking the depth and the budget.
  Result EvaluateUnchecked(const Expression& expression, const Scope& scope);
  Result EvaluateLogical(const Expression& expression, const Scope& scope);
  Result EvaluateConditional(const Expression& expression, const Scope& scope);
  Result EvaluateChain(const Expression& expression, const Scope& scope);
  Result EvaluateComparisons(const Expression& expression, const Scope& scope);
  Result EvaluateCall(const Expression& expression, const Scope& scope);
  // Evaluates `object`.name and `container`[index], where `expression` is the whole expression.
  Result GetAttribute(const Value& object, const Expression& expression);
  Result GetItem(const Value& container, const Value& index, const Expression& expression);
  // Returns a function that calls value.name().
  Result BindMethod(const Value& value, const std::string& name);
  absl::StatusOr<List> EvaluateOperands(const Expression& expression, const Scope& scope);
  // Evaluates the operands after the first.
  absl::StatusOr<Arguments> EvaluateArguments(const Expression& expression, const Scope& scope);

  const Run run_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_EVALUATOR_H_
