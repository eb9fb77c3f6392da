// Names that a running template can see.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_SCOPE_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_SCOPE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/text/template_value.h"

namespace assay::engine {

// Names of a block, and of the blocks around it. A macro keeps the scope in which it was defined.
class TemplateScope {
 public:
  explicit TemplateScope(std::shared_ptr<const TemplateScope> parent)
      : parent_(std::move(parent)) {}

  void Set(const std::string& name, TemplateValue value) { names_[name] = std::move(value); }

  // Undefined if no scope has it.
  TemplateValue Find(const std::string& name) const {
    for (const TemplateScope* scope = this; scope != nullptr; scope = scope->parent_.get()) {
      if (const auto found = scope->names_.find(name); found != scope->names_.end()) {
        return found->second;
      }
    }
    return {};
  }

 private:
  const std::shared_ptr<const TemplateScope> parent_;
  absl::flat_hash_map<std::string, TemplateValue> names_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_SCOPE_H_
