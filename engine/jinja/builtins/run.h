// What the functions of a template share during one rendering.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_RUN_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_RUN_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// The state of one rendering. All values that it makes must not outlive it. Not thread-safe.
class Run {
 public:
  Budget& budget() { return budget_; }

  // Keeps `object` until the end of the run. Returns INVALID_ARGUMENT if the budget is spent.
  Result Own(std::unique_ptr<Object> object) {
    if (absl::Status s = budget_.Spend(kStepsPerObject); !s.ok()) return s;
    objects_.push_back(std::move(object));
    return Value{objects_.back().get()};
  }

 private:
  // An object needs more memory than an ordinary step.
  static constexpr int64_t kStepsPerObject = 4;

  Budget budget_;
  std::vector<std::unique_ptr<Object>> objects_;
};

// A callable value. Python prints it with its address.
class Function : public Object {
 public:
  using Body = std::function<Result(const Arguments&)>;

  explicit Function(Body body, std::string type_name = "function")
      : body_(std::move(body)), type_name_(std::move(type_name)) {}
  std::string TypeName() const override { return type_name_; }
  Result Call(const Arguments& arguments) override { return body_(arguments); }
  bool IsCallable() const override { return true; }

 private:
  const Body body_;
  const std::string type_name_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_RUN_H_
