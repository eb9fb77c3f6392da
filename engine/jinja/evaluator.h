// Evaluates the expressions of a template.
#ifndef ASSAY_ENGINE_JINJA_EVALUATOR_H_
#define ASSAY_ENGINE_JINJA_EVALUATOR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/activation.h"
#include "engine/jinja/builtins/run.h"
#include "engine/jinja/syntax/ast.h"
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
  // The variables that an expression sees, and the text of the block that a filter applies to.
  struct Scope {
    const Activation& activation;
    const Value* block_text = nullptr;
  };

  // The state of the run, which must outlive the evaluator.
  Evaluator(Run& run, int& depth) : run_(run), depth_(depth) {}

  Result Evaluate(const Expression& expression, const Scope& scope);
  // Evaluates a call with a further argument `caller`.
  Result EvaluateCallWith(const Expression& call, const Scope& scope, const Value& caller);

 private:
  // Evaluates a constant as jinja2's compiler does.
  Result EvaluateFolded(const Expression& expression, const Scope& scope);
  // Evaluates without checking the depth and the budget.
  Result EvaluateUnchecked(const Expression& expression, const Scope& scope);
  Result EvaluateOperator(const Expression& expression, List operands);
  Result EvaluateLogical(const Expression& expression, const Scope& scope);
  Result EvaluateConditional(const Expression& expression, const Scope& scope);
  Result EvaluateChain(const Expression& expression, const Scope& scope);
  Result EvaluateComparisons(const Expression& expression, const Scope& scope);
  Result EvaluateConcatenation(const Expression& expression, const Scope& scope);
  // `caller` is null without a call block.
  Result EvaluateCall(const Expression& expression, const Scope& scope, const Value* caller);
  Result EvaluateFilterOrTest(const Expression& expression, const Scope& scope);
  Result MakeDictionary(const List& operands);
  absl::StatusOr<List> EvaluateOperands(const Expression& expression, const Scope& scope);
  // Evaluates the operands after the first.
  absl::StatusOr<Arguments> EvaluateArguments(const Expression& expression, const Scope& scope);
  absl::Status AddList(const Value& list, Arguments* arguments);
  static absl::Status AddMap(const Value& map, Arguments* arguments);

  Run& run_;
  int& depth_;
  // True within a constant, where a slice of what has no slices is undefined.
  bool folding_ = false;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_EVALUATOR_H_
