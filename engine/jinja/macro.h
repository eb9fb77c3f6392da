// The macros of a template.
#ifndef ASSAY_ENGINE_JINJA_MACRO_H_
#define ASSAY_ENGINE_JINJA_MACRO_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/jinja/activation.h"
#include "engine/jinja/syntax/ast.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// A macro or the body of a call block, as jinja2's Macro.
class Macro : public Object {
 public:
  // The values of the macro's parameters, and its special variables. A parameter without a value
  // takes its default.
  struct Bound {
    std::vector<std::optional<Value>> parameters;
    Value caller;
    Value kwargs;
    Value varargs;
  };
  // Runs the body and returns its output.
  using Body =
      std::function<Result(const Statement&, const std::shared_ptr<Activation>&, const Bound&)>;

  // `statement` must outlive the macro. `outer` is the call that defines it.
  Macro(const Statement& statement, std::shared_ptr<Activation> outer, Body body)
      : statement_(statement), outer_(std::move(outer)), body_(std::move(body)) {}

  std::string TypeName() const override { return "macro"; }
  absl::StatusOr<std::optional<Value>> Attribute(std::string_view name) override;
  Result Call(const Arguments& arguments) override;
  bool IsCallable() const override { return true; }
  absl::StatusOr<std::string> Repr() override;

 private:
  bool HasParameter(std::string_view name) const;
  absl::StatusOr<Bound> Bind(const Arguments& arguments) const;
  // Sets `caller`, `kwargs` and `varargs` from the arguments that are no parameters.
  absl::Status BindRest(const Arguments& arguments, Map named, Bound* bound) const;

  const Statement& statement_;
  const std::shared_ptr<Activation> outer_;
  const Body body_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_MACRO_H_
