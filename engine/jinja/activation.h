// The variables of a running function of a template.
#ifndef ASSAY_ENGINE_JINJA_ACTIVATION_H_
#define ASSAY_ENGINE_JINJA_ACTIVATION_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "engine/jinja/syntax/ast.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// One call of a function: the template, a macro, a call block, a recursive loop or the condition of
// a loop. A function that was defined in the call keeps it alive. Not thread-safe.
class Activation {
 public:
  // `outer` is the call in which the function was defined; null for the template.
  Activation(std::shared_ptr<Activation> outer, int slots)
      : outer_(std::move(outer)), slots_(static_cast<size_t>(slots)) {}

  const Value& Get(const Variable& variable) const {
    const Activation* activation = this;
    for (int i = 0; i < variable.hops; ++i) activation = activation->outer_.get();
    return activation->slots_[static_cast<size_t>(variable.slot)];
  }
  // Sets a variable of this call.
  void Set(int slot, Value value) { slots_[static_cast<size_t>(slot)] = std::move(value); }

 private:
  const std::shared_ptr<Activation> outer_;
  std::vector<Value> slots_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_ACTIVATION_H_
