// Functions and namespaces that every template has.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_FUNCTIONS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_FUNCTIONS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// A function of the run.
class Function : public Object {
 public:
  using Body = std::function<absl::StatusOr<Value>(const Arguments&)>;

  explicit Function(Body body) : body_(std::move(body)) {}
  std::string_view TypeName() const override { return "function"; }
  absl::StatusOr<Value> Call(const Arguments& arguments) override { return body_(arguments); }

 private:
  const Body body_;
};

// namespace(a=1): what inner scopes can change.
class Namespace : public Object {
 public:
  explicit Namespace(Map values) : values_(std::move(values)) {}
  std::string_view TypeName() const override { return "namespace"; }
  Value Attribute(std::string_view name) override;
  absl::Status Set(const std::string& name, Value value);

 private:
  Map values_;
};

// Objects of one run; they die with it.
using Objects = std::vector<std::unique_ptr<Object>>;

// range, dict, namespace, raise_exception and strftime_now (of `now`, in local time), owned by
// `objects`, which must outlive them.
std::vector<std::pair<std::string, Value>> BuiltinFunctions(absl::Time now, Objects& objects);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_FUNCTIONS_H_
