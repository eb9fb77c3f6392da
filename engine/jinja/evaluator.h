// Evaluates the expressions of a template.
#ifndef ASSAY_ENGINE_JINJA_EVALUATOR_H_
#define ASSAY_ENGINE_JINJA_EVALUATOR_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/builtins/functions.h"
#include "engine/jinja/scope.h"
#include "engine/jinja/syntax/ast.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Counts a level of statements, expressions and macros that run in one another, so that no template
// overflows the stack of a thread (512 KiB on macOS).
class DepthGuard {
 public:
  static constexpr int kMax = 200;

  explicit DepthGuard(int& depth) : depth_(depth) { ++depth_; }
  ~DepthGuard() { --depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

  // INVALID_ARGUMENT beyond kMax.
  absl::Status Check() const;

 private:
  int& depth_;
};

// `status` with "line N: " before it, unless it has one.
absl::Status ErrorAt(int line, const absl::Status& status);

// Errors as RunTemplate. Not thread-safe: one a run.
class Evaluator {
 public:
  // The run's, which must outlive the evaluator.
  struct Run {
    Budget& budget;
    Objects& objects;
    int& depth;
  };
  explicit Evaluator(Run run) : run_(run) {}

  absl::StatusOr<Value> Evaluate(const Expression& expression, const Scope& scope);

 private:
  using Result = absl::StatusOr<Value>;

  Result Apply(const Expression& expression, const Scope& scope);
  Result Logical(const Expression& expression, const Scope& scope);
  Result Choose(const Expression& expression, const Scope& scope);
  Result Chain(const Expression& expression, const Scope& scope);
  Result Comparisons(const Expression& expression, const Scope& scope);
  Result Call(const Expression& expression, const Scope& scope);
  Result AttributeOf(const Value& object, const Expression& expression);
  Result Index(const Value& container, const Value& index, const Expression& expression);
  Result Method(const Value& value, const std::string& name);
  absl::StatusOr<List> Operands(const Expression& expression, const Scope& scope);
  // The operands after the first.
  absl::StatusOr<Arguments> EvaluateArguments(const Expression& expression, const Scope& scope);

  const Run run_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_EVALUATOR_H_
