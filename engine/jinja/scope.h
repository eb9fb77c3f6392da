// The variables that a running template sees.
#ifndef ASSAY_ENGINE_JINJA_SCOPE_H_
#define ASSAY_ENGINE_JINJA_SCOPE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// The variables of a block. A lookup continues in the enclosing blocks. A macro keeps the scope in
// which it was defined. Not thread-safe.
class Scope {
 public:
  explicit Scope(std::shared_ptr<const Scope> parent) : parent_(std::move(parent)) {}

  void Set(const std::string& name, Value value) { names_[name] = std::move(value); }

  // Returns undefined if neither this scope nor an enclosing one has the name.
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
