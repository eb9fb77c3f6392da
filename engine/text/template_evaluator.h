// Evaluates the expressions of a template.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_EVALUATOR_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_EVALUATOR_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/text/template_ast.h"
#include "engine/text/template_budget.h"
#include "engine/text/template_functions.h"
#include "engine/text/template_scope.h"
#include "engine/text/template_value.h"

namespace assay::engine {

// Counts a level of statements, expressions and macros that run in one another, so that no template
// overflows the stack of a thread (512 KiB on macOS).
class TemplateDepth {
 public:
  static constexpr int kMax = 200;

  explicit TemplateDepth(int& depth) : depth_(depth) { ++depth_; }
  ~TemplateDepth() { --depth_; }
  TemplateDepth(const TemplateDepth&) = delete;
  TemplateDepth& operator=(const TemplateDepth&) = delete;

  // INVALID_ARGUMENT beyond kMax.
  absl::Status Check() const;

 private:
  int& depth_;
};

// `status` with "line N: " before it, unless it has one.
absl::Status TemplateErrorAt(int line, const absl::Status& status);

// Errors as RunTemplate. Not thread-safe: one a run.
class TemplateEvaluator {
 public:
  // The run's, which must outlive the evaluator.
  struct Run {
    TemplateBudget& budget;
    TemplateObjects& objects;
    int& depth;
  };
  explicit TemplateEvaluator(Run run) : run_(run) {}

  absl::StatusOr<TemplateValue> Evaluate(const Expression& expression, const TemplateScope& scope);

 private:
  using Result = absl::StatusOr<TemplateValue>;

  Result Apply(const Expression& expression, const TemplateScope& scope);
  Result Logical(const Expression& expression, const TemplateScope& scope);
  Result Choose(const Expression& expression, const TemplateScope& scope);
  Result Chain(const Expression& expression, const TemplateScope& scope);
  Result Comparisons(const Expression& expression, const TemplateScope& scope);
  Result Call(const Expression& expression, const TemplateScope& scope);
  Result AttributeOf(const TemplateValue& object, const Expression& expression);
  Result Index(const TemplateValue& container, const TemplateValue& index,
               const Expression& expression);
  Result Method(const TemplateValue& value, const std::string& name);
  absl::StatusOr<TemplateList> Operands(const Expression& expression, const TemplateScope& scope);
  // The operands after the first.
  absl::StatusOr<TemplateArguments> Arguments(const Expression& expression,
                                              const TemplateScope& scope);

  const Run run_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_EVALUATOR_H_
