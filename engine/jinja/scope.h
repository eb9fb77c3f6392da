// Names that a running template can see.
#ifndef ASSAY_ENGINE_JINJA_SCOPE_H_
#define ASSAY_ENGINE_JINJA_SCOPE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// Names of a block, and of the blocks around it. A macro keeps the scope in which it was defined.
class Scope {
 public:
  explicit Scope(std::shared_ptr<const Scope> parent) : parent_(std::move(parent)) {}

  void Set(const std::string& name, Value value) { names_[name] = std::move(value); }

  // Undefined if no scope has it.
  Value Find(const std::string& name) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->parent_.get()) {
      if (const auto found = scope->names_.find(name); found != scope->names_.end()) {
        return found->second;
      }
    }
    return {};
  }

 private:
  const std::shared_ptr<const Scope> parent_;
  absl::flat_hash_map<std::string, Value> names_;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_SCOPE_H_
