// The macros of a template.
#include "engine/jinja/macro.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

constexpr char kCaller[] = "caller";

absl::Status WrongArguments(const std::string& macro, const std::string& message) {
  return absl::InvalidArgumentError(absl::StrCat("macro '", macro, "': ", message));
}

}  // namespace

bool Macro::HasParameter(std::string_view name) const {
  return std::any_of(statement_.targets.begin(), statement_.targets.end(),
                     [&](const Target& target) { return target.name == name; });
}

absl::StatusOr<std::optional<Value>> Macro::Attribute(std::string_view name) {
  if (name == "name") {
    // The body of a call block has no name.
    return statement_.text.empty() ? Value::None() : Value::String(statement_.text);
  }
  if (name == "arguments") {
    List names;
    for (const Target& target : statement_.targets) names.push_back(Value::String(target.name));
    ASSIGN_OR_RETURN(Value arguments, MakeTuple(std::move(names)));
    return arguments;
  }
  if (name == "caller") return Value{statement_.uses_caller};
  if (name == "catch_kwargs") return Value{statement_.kwargs_slot >= 0};
  if (name == "catch_varargs") return Value{statement_.varargs_slot >= 0};
  if (name == "explicit_caller") return Value{HasParameter(kCaller)};
  return std::nullopt;
}

absl::StatusOr<std::string> Macro::Repr() {
  return absl::StrCat("<Macro ",
                      statement_.text.empty() ? "anonymous" : ReprOfString(statement_.text), ">");
}

absl::StatusOr<Macro::Bound> Macro::Bind(const Arguments& arguments) const {
  const size_t count = statement_.targets.size();
  Bound bound;
  for (size_t i = 0; i < std::min(count, arguments.positional.size()); ++i) {
    bound.parameters.emplace_back(arguments.positional[i]);
  }
  Map named;
  for (const auto& [name, value] : arguments.named) {
    size_t i = bound.parameters.size();
    while (i < count && statement_.targets[i].name != name) ++i;
    if (i == count) RETURN_IF_ERROR(named.Set(Value::String(name), value));
  }
  for (size_t i = bound.parameters.size(); i < count; ++i) {
    std::optional<Value>& parameter = bound.parameters.emplace_back();
    for (const auto& [name, value] : arguments.named) {
      if (name == statement_.targets[i].name) parameter = value;
    }
  }
  RETURN_IF_ERROR(BindRest(arguments, std::move(named), &bound));
  return bound;
}

absl::Status Macro::BindRest(const Arguments& arguments, Map named, Bound* bound) const {
  const size_t count = statement_.targets.size();
  Map rest;
  for (const auto& [name, value] : named.entries()) {
    if (*name.AsString() == kCaller && statement_.uses_caller && !HasParameter(kCaller)) {
      // None counts as no caller.
      if (!value.IsNone()) bound->caller = value;
      continue;
    }
    RETURN_IF_ERROR(rest.Set(name, value));
  }
  if (statement_.kwargs_slot < 0 && !rest.entries().empty()) {
    return WrongArguments(statement_.text,
                          absl::StrCat("argument '", *rest.entries()[0].first.AsString(),
                                       "' is unknown or duplicated"));
  }
  ASSIGN_OR_RETURN(bound->kwargs, MakeMap(std::move(rest)));
  List extra;
  for (size_t i = count; i < arguments.positional.size(); ++i) {
    extra.push_back(arguments.positional[i]);
  }
  if (statement_.varargs_slot < 0 && !extra.empty()) {
    return WrongArguments(
        statement_.text,
        absl::StrCat("too many arguments (", arguments.positional.size(), "); at most ", count));
  }
  ASSIGN_OR_RETURN(bound->varargs, MakeTuple(std::move(extra)));
  return absl::OkStatus();
}

Result Macro::Call(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const Bound bound, Bind(arguments));
  return body_(statement_, outer_, bound);
}

}  // namespace assay::jinja
