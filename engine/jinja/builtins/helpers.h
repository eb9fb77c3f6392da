// The objects that the functions of a template make: namespaces, cyclers and joiners.
#ifndef ASSAY_ENGINE_JINJA_BUILTINS_HELPERS_H_
#define ASSAY_ENGINE_JINJA_BUILTINS_HELPERS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/builtins/run.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// The value of namespace(a=1): the only value whose attributes a template can set, also from an
// inner scope. As in transformers, no attribute begins with an underscore.
class Namespace : public Object {
 public:
  // Returns INVALID_ARGUMENT for a name with a leading underscore.
  static Result Make(Map values, Run& run);

  explicit Namespace(Map values) : values_(std::move(values)) {}
  std::string TypeName() const override { return "namespace"; }
  absl::StatusOr<std::optional<Value>> Attribute(std::string_view name) override;
  absl::StatusOr<std::string> Repr() override;
  absl::Status Set(const std::string& name, Value value);

 private:
  Map values_;
};

// The value of cycler('a', 'b').
class Cycler : public Object {
 public:
  // `items` must not be empty.
  Cycler(List items, Run& run) : items_(std::move(items)), run_(run) {}
  std::string TypeName() const override { return "cycler"; }
  absl::StatusOr<std::optional<Value>> Attribute(std::string_view name) override;

 private:
  const List items_;
  Run& run_;
  size_t position_ = 0;
};

// The value of joiner(', '): a call returns the separator, except for the first call.
class Joiner : public Object {
 public:
  explicit Joiner(Value separator) : separator_(std::move(separator)) {}
  std::string TypeName() const override { return "joiner"; }
  absl::StatusOr<std::optional<Value>> Attribute(std::string_view name) override;
  Result Call(const Arguments& arguments) override;
  bool IsCallable() const override { return true; }

 private:
  const Value separator_;
  bool used_ = false;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_BUILTINS_HELPERS_H_
