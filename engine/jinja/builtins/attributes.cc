// Attributes and items, as jinja2's sandbox gives them to a template.
#include "engine/jinja/builtins/attributes.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/builtins/methods.h"
#include "engine/jinja/values/index.h"
#include "engine/jinja/values/map.h"
#include "engine/unicode/python_characters.h"

namespace assay::jinja {
namespace {

absl::Status UndefinedError() { return absl::InvalidArgumentError("the value is undefined"); }

// The attributes of numbers, ranges and groups that are no methods.
std::optional<Value> FindField(const Value& value, std::string_view name) {
  if (value.IsInteger() || value.As<double>() != nullptr) {
    int64_t whole = 0;
    if (name == "real" || (name == "numerator" && value.IsInteger())) {
      return AsInteger(value, &whole) ? Value{whole} : value;
    }
    if (name == "imag") return value.IsInteger() ? Value{int64_t{0}} : Value{0.0};
    if (name == "denominator" && value.IsInteger()) return Value{int64_t{1}};
    return std::nullopt;
  }
  const Sequence* sequence = value.AsSequence();
  if (sequence == nullptr) return std::nullopt;
  if (sequence->kind == SequenceKind::kRange) {
    if (name == "start") return Value{sequence->start};
    if (name == "stop") return Value{sequence->stop};
    if (name == "step") return Value{sequence->step};
  }
  if (sequence->is_group && name == "grouper") return sequence->items[0];
  if (sequence->is_group && name == "list") return sequence->items[1];
  return std::nullopt;
}

// As str.isdigit(): also true for digits such as superscripts, which are no decimal digits.
bool IsDigits(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = NextUtf8(text.substr(at));
    if (!unicode::HasClass(step.code_point, unicode::kDigit)) return false;
    at += step.bytes;
  }
  return !text.empty();
}

// Returns the parts of a path. Numbers become integers.
absl::StatusOr<List> PathParts(const Value& path) {
  if (path.IsNone()) return List();
  if (path.AsString() == nullptr) return List{path};
  List parts;
  const std::vector<std::string> names = absl::StrSplit(*path.AsString(), '.');
  for (const std::string& name : names) {
    const std::string_view part = name;
    if (!IsDigits(part)) {
      parts.push_back(Value::String(std::string(part)));
      continue;
    }
    int64_t number = 0;
    for (size_t at = 0; at < part.size();) {
      const Utf8Step step = NextUtf8(part.substr(at));
      const std::optional<int> digit = unicode::DecimalValue(step.code_point);
      if (!digit.has_value()) return absl::InvalidArgumentError("an attribute is no number");
      // No container has as many items as the limit.
      constexpr int64_t kLimit = int64_t{1} << 40;
      number = number < kLimit ? number * 10 + *digit : number;
      at += step.bytes;
    }
    parts.push_back(Value{number});
  }
  return parts;
}

}  // namespace

absl::StatusOr<std::optional<Value>> FindAttribute(const Value& value, std::string_view name,
                                                   Run& run) {
  if (value.IsUndefined()) {
    // The attributes that jinja2's Undefined has itself are hidden, and all others are errors.
    if (name.size() > 4 && name.starts_with("__") && name.ends_with("__")) return Value{};
    return UndefinedError();
  }
  if (Object* object = value.AsObject()) return object->Attribute(name);
  if (IsForbidden(value, name)) return Value{};
  if (HasMethod(value, name)) {
    ASSIGN_OR_RETURN(Value method,
                     run.Own(std::make_unique<Function>(
                         [value, name = std::string(name), &run](const Arguments& arguments) {
                           return CallMethod(value, name, arguments, run);
                         },
                         "builtin_function_or_method")));
    return method;
  }
  return FindField(value, name);
}

Result GetAttribute(const Value& value, std::string_view name, Run& run) {
  ASSIGN_OR_RETURN(const std::optional<Value> attribute, FindAttribute(value, name, run));
  if (attribute.has_value()) return *attribute;
  const Map* map = value.AsMap();
  const Value* found = map == nullptr ? nullptr : map->Find(name);
  return found == nullptr ? Value{} : *found;
}

Result GetItem(const Value& value, const Value& index, Run& run) {
  if (value.IsUndefined()) return UndefinedError();
  ASSIGN_OR_RETURN(const std::optional<Value> item, FindItem(value, index, run.budget()));
  if (item.has_value()) return *item;
  if (index.AsString() == nullptr) return Value{};
  ASSIGN_OR_RETURN(const std::optional<Value> attribute,
                   FindAttribute(value, *index.AsString(), run));
  return attribute.value_or(Value{});
}

Result ResolvePath(const Value& value, const Value& path, const Value& fallback, Run& run) {
  ASSIGN_OR_RETURN(const List parts, PathParts(path));
  Value item = value;
  for (const Value& part : parts) {
    RETURN_IF_ERROR(run.budget().Spend(1));
    ASSIGN_OR_RETURN(item, GetItem(item, part, run));
    if (item.IsUndefined() && !fallback.IsNone()) item = fallback;
  }
  return item;
}

}  // namespace assay::jinja
