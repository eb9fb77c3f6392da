// Binds the arguments of a call to the parameters of a built-in.
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
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {
namespace {

absl::Status WrongType(const std::string& function, std::string_view name, const Value& value) {
  return absl::InvalidArgumentError(absl::StrCat(function, ": argument '", std::string(name),
                                                 "' cannot be of type ", TypeName(value)));
}

}  // namespace

absl::StatusOr<BoundArguments> BoundArguments::Bind(
    std::string_view function, const Arguments& arguments,
    std::initializer_list<std::string_view> parameters, size_t required) {
  BoundArguments bound;
  bound.function_ = std::string(function);
  if (arguments.positional.size() > parameters.size()) {
    return absl::InvalidArgumentError(absl::StrCat(bound.function_, ": too many arguments (",
                                                   arguments.positional.size(), "); at most ",
                                                   parameters.size()));
  }
  for (size_t i = 0; i < arguments.positional.size(); ++i) {
    bound.values_.emplace(std::string(parameters.begin()[i]), arguments.positional[i]);
  }
  for (const auto& [name, value] : arguments.named) {
    if (std::find(parameters.begin(), parameters.end(), name) == parameters.end() ||
        !bound.values_.emplace(name, value).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(bound.function_, ": argument '", name, "' is unknown or duplicated"));
    }
  }
  for (size_t i = 0; i < required; ++i) {
    if (bound.Get(parameters.begin()[i]) == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          bound.function_, ": argument '", std::string(parameters.begin()[i]), "' is missing"));
    }
  }
  return bound;
}

absl::StatusOr<BoundArguments> BoundArguments::BindPositional(
    std::string_view function, const Arguments& arguments,
    std::initializer_list<std::string_view> parameters, size_t required) {
  if (!arguments.named.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(function), " takes no argument by name"));
  }
  return Bind(function, arguments, parameters, required);
}

const Value* BoundArguments::Get(std::string_view name) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() ? nullptr : &found->second;
}

Value BoundArguments::GetOr(std::string_view name, Value fallback) const {
  if (const Value* value = Get(name)) return *value;
  return fallback;
}

bool BoundArguments::GetBool(std::string_view name, bool fallback) const {
  const Value* value = Get(name);
  return value == nullptr ? fallback : value->IsTruthy();
}

absl::StatusOr<int64_t> BoundArguments::GetInteger(std::string_view name, int64_t fallback) const {
  const Value* value = Get(name);
  if (value == nullptr) return fallback;
  int64_t number = 0;
  if (AsInteger(*value, &number)) return number;
  return WrongType(function_, name, *value);
}

absl::StatusOr<int64_t> BoundArguments::GetClamped(std::string_view name, int64_t fallback) const {
  const Value* value = Get(name);
  if (value == nullptr) return fallback;
  int64_t number = 0;
  if (AsInteger(*value, &number)) return std::clamp(number, -kClampLimit, kClampLimit);
  if (value->IsInteger()) return IsNegative(*value) ? -kClampLimit : kClampLimit;
  return WrongType(function_, name, *value);
}

absl::StatusOr<std::string> BoundArguments::GetString(std::string_view name,
                                                      std::string_view fallback) const {
  const Value* value = Get(name);
  if (value == nullptr) return std::string(fallback);
  if (const auto* text = value->AsString()) return *text;
  return WrongType(function_, name, *value);
}

}  // namespace assay::jinja
