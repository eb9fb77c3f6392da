// Functions and namespaces that every template has.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_FUNCTIONS_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_FUNCTIONS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/text/template_value.h"

namespace assay::engine {

// A function of the run.
class TemplateFunction : public TemplateObject {
 public:
  using Body = std::function<absl::StatusOr<TemplateValue>(const TemplateArguments&)>;

  explicit TemplateFunction(Body body) : body_(std::move(body)) {}
  std::string_view TypeName() const override { return "function"; }
  absl::StatusOr<TemplateValue> Call(const TemplateArguments& arguments) override {
    return body_(arguments);
  }

 private:
  const Body body_;
};

// namespace(a=1): what inner scopes can change.
class TemplateNamespace : public TemplateObject {
 public:
  explicit TemplateNamespace(TemplateMap values) : values_(std::move(values)) {}
  std::string_view TypeName() const override { return "namespace"; }
  TemplateValue Attribute(std::string_view name) override;
  absl::Status Set(const std::string& name, TemplateValue value);

 private:
  TemplateMap values_;
};

// Objects of one run; they die with it.
using TemplateObjects = std::vector<std::unique_ptr<TemplateObject>>;

// range, dict, namespace, raise_exception and strftime_now (of `now`, in local time), owned by
// `objects`, which must outlive them.
std::vector<std::pair<std::string, TemplateValue>> TemplateFunctions(absl::Time now,
                                                                     TemplateObjects& objects);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_FUNCTIONS_H_
