// Arguments of filters, tests, methods and functions of a template.
#include "engine/jinja/builtins/arguments.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {
namespace {

absl::Status Wrong(const std::string& function, std::string_view name, const Value& value) {
  return absl::InvalidArgumentError(absl::StrCat(function, ": '", std::string(name), "' cannot be ",
                                                 std::string(TypeName(value))));
}

}  // namespace

absl::StatusOr<BoundArguments> BoundArguments::Bind(std::string_view function,
                                                    const Arguments& arguments,
                                                    std::initializer_list<std::string_view> names,
                                                    size_t required) {
  BoundArguments bound;
  bound.function_ = std::string(function);
  if (arguments.positional.size() > names.size()) {
    return absl::InvalidArgumentError(absl::StrCat(bound.function_, " has ",
                                                   arguments.positional.size(),
                                                   " arguments; at most ", names.size()));
  }
  for (size_t i = 0; i < arguments.positional.size(); ++i) {
    bound.values_.emplace(std::string(names.begin()[i]), arguments.positional[i]);
  }
  for (const auto& [name, value] : arguments.named) {
    if (std::find(names.begin(), names.end(), name) == names.end() ||
        !bound.values_.emplace(name, value).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(bound.function_, ": argument '", name, "' is unknown or given twice"));
    }
  }
  for (size_t i = 0; i < required; ++i) {
    if (bound.Get(names.begin()[i]) == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          bound.function_, ": argument '", std::string(names.begin()[i]), "' is missing"));
    }
  }
  return bound;
}

const Value* BoundArguments::Get(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() ? nullptr : &found->second;
}

bool BoundArguments::Flag(std::string_view name, bool otherwise) const {
  const Value* value = Get(name);
  return value == nullptr ? otherwise : value->Truth();
}

absl::StatusOr<int64_t> BoundArguments::Integer(std::string_view name, int64_t otherwise) const {
  const Value* value = Get(name);
  if (value == nullptr) return otherwise;
  if (const auto* number = value->As<int64_t>()) return *number;
  if (const auto* flag = value->As<bool>()) return *flag ? 1 : 0;
  return Wrong(function_, name, *value);
}

absl::StatusOr<std::string> BoundArguments::Text(std::string_view name,
                                                 std::string_view otherwise) const {
  const Value* value = Get(name);
  if (value == nullptr) return std::string(otherwise);
  if (const auto* text = value->AsText()) return *text;
  return Wrong(function_, name, *value);
}

}  // namespace assay::jinja
