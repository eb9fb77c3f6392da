// The objects that the functions of a template make: namespaces, cyclers and joiners.
#include "engine/jinja/builtins/helpers.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

absl::Status CheckName(std::string_view name) {
  if (!name.starts_with('_')) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a namespace cannot have the attribute '",
                                                 std::string(name),
                                                 "', which begins with an underscore"));
}

}  // namespace

Result Namespace::Make(Map values, Run& run) {
  for (const auto& [name, value] : values.entries()) {
    if (name.AsString() != nullptr) RETURN_IF_ERROR(CheckName(*name.AsString()));
  }
  return run.Own(std::make_unique<Namespace>(std::move(values)));
}

absl::StatusOr<std::optional<Value>> Namespace::Attribute(std::string_view name) {
  const Value* found = values_.Find(name);
  if (found == nullptr) return std::nullopt;
  return *found;
}

absl::StatusOr<std::string> Namespace::Repr() {
  ASSIGN_OR_RETURN(const Value values, MakeMap(values_));
  ASSIGN_OR_RETURN(const std::string text, jinja::Repr(values));
  return absl::StrCat("<Namespace ", text, ">");
}

absl::Status Namespace::Set(const std::string& name, Value value) {
  RETURN_IF_ERROR(CheckName(name));
  return values_.Set(Value::String(name), std::move(value));
}

absl::StatusOr<std::optional<Value>> Cycler::Attribute(std::string_view name) {
  if (name == "current") return items_[position_];
  if (name == "pos") return Value{static_cast<int64_t>(position_)};
  if (name == "items") {
    ASSIGN_OR_RETURN(Value items, MakeTuple(items_));
    return items;
  }
  if (name != "next" && name != "reset") return std::nullopt;
  const bool next = name == "next";
  ASSIGN_OR_RETURN(Value method,
                   run_.Own(std::make_unique<Function>(
                       [this, next](const Arguments& arguments) -> Result {
                         RETURN_IF_ERROR(BoundArguments::Bind("cycler", arguments, {}).status());
                         const Value current = items_[position_];
                         position_ = next ? (position_ + 1) % items_.size() : 0;
                         return next ? current : Value::None();
                       },
                       "method")));
  return method;
}

absl::StatusOr<std::optional<Value>> Joiner::Attribute(std::string_view name) {
  if (name == "sep") return separator_;
  if (name == "used") return Value{used_};
  return std::nullopt;
}

Result Joiner::Call(const Arguments& arguments) {
  RETURN_IF_ERROR(BoundArguments::Bind("joiner", arguments, {}).status());
  if (std::exchange(used_, true)) return separator_;
  return Value::String("");
}

}  // namespace assay::jinja
