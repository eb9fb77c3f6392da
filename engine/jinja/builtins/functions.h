// The functions and namespaces that every template has.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_FUNCTIONS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_FUNCTIONS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// A callable value.
class Function : public Object {
 public:
  using Body = std::function<Result(const Arguments&)>;

  explicit Function(Body body) : body_(std::move(body)) {}
  std::string TypeName() const override { return "function"; }
  Result Call(const Arguments& arguments) override { return body_(arguments); }

 private:
  const Body body_;
};

// The value of namespace(a=1): the only value whose attributes a template can set, also from an
// inner scope.
class Namespace : public Object {
 public:
  explicit Namespace(Map values) : values_(std::move(values)) {}
  std::string TypeName() const override { return "namespace"; }
  Value Attribute(std::string_view name) override;
  absl::Status Set(const std::string& name, Value value);

 private:
  Map values_;
};

// The objects of one run, which live as long as it does.
using Objects = std::vector<std::unique_ptr<Object>>;

// Returns range, dict, namespace, raise_exception and strftime_now by name. strftime_now formats
// `now` in local time. `objects` owns the functions and must outlive them.
std::vector<std::pair<std::string, Value>> BuiltinFunctions(absl::Time now, Objects& objects);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_FUNCTIONS_H_
