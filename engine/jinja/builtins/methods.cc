// The methods of lists and dictionaries, and the choice among the methods of all types.
#include "engine/jinja/builtins/methods.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/builtins/number_methods.h"
#include "engine/jinja/builtins/string_methods.h"
#include "engine/jinja/values/comparison.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/map.h"

namespace assay::jinja {
namespace {

using Kind = SequenceKind;

constexpr std::array<std::string_view, 6> kMapMethods = {"items", "keys", "values",
                                                         "get",   "copy", "fromkeys"};
constexpr std::array<std::string_view, 5> kMapChanges = {"clear", "pop", "popitem", "setdefault",
                                                         "update"};
constexpr std::array<std::string_view, 8> kListChanges = {"append", "clear",  "extend",  "insert",
                                                          "pop",    "remove", "reverse", "sort"};

template <size_t N>
bool Contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result MapView(const Map& map, std::string_view name) {
  List items;
  items.reserve(map.entries().size());
  for (const auto& [key, value] : map.entries()) {
    if (name != "items") {
      items.push_back(name == "keys" ? key : value);
      continue;
    }
    ASSIGN_OR_RETURN(Value pair, MakeTuple({key, value}));
    items.push_back(std::move(pair));
  }
  return MakeSequence(name == "items"  ? Kind::kItems
                      : name == "keys" ? Kind::kKeys
                                       : Kind::kValues,
                      std::move(items));
}

Result CallMapMethod(const Value& value, std::string_view name, const Arguments& arguments,
                     Run& run) {
  const Map& map = *value.AsMap();
  if (name == "fromkeys") return MapFromKeys(arguments, run);
  if (name == "get") {
    ASSIGN_OR_RETURN(const auto bound,
                     BoundArguments::BindPositional(name, arguments, {"key", "default"}, 1));
    RETURN_IF_ERROR(SpendKey(*bound.Get("key"), run.budget()));
    ASSIGN_OR_RETURN(const Value* found, map.Find(*bound.Get("key")));
    if (found != nullptr) return *found;
    return bound.GetOr("default", Value::None());
  }
  ASSIGN_OR_RETURN(const auto bound, BoundArguments::BindPositional(name, arguments, {}));
  RETURN_IF_ERROR(run.budget().SpendItems(map.entries().size() * 4));
  if (name == "copy") return MakeMap(map);
  return MapView(map, name);
}

// Reads a bound of list.index(), as Python reads a bound of a slice.
absl::StatusOr<size_t> ReadBound(const BoundArguments& bound, std::string_view name,
                                 size_t fallback, size_t length) {
  const Value* given = bound.Get(name);
  if (given == nullptr) return fallback;
  ASSIGN_OR_RETURN(int64_t at, bound.GetClamped(name, 0));
  if (at < 0) at = std::max<int64_t>(at + static_cast<int64_t>(length), 0);
  return std::min(static_cast<size_t>(at), length);
}

Result CallListMethod(const Value& value, std::string_view name, const Arguments& arguments,
                      Run& run) {
  const Sequence& sequence = *value.AsSequence();
  const List& items = sequence.items;
  if (name == "copy") {
    RETURN_IF_ERROR(BoundArguments::BindPositional(name, arguments, {}).status());
    RETURN_IF_ERROR(run.budget().SpendItems(items.size()));
    return MakeList(items);
  }
  const bool bounded = name == "index" && sequence.kind != Kind::kRange;
  ASSIGN_OR_RETURN(
      const auto bound,
      bounded ? BoundArguments::BindPositional(name, arguments, {"value", "start", "stop"}, 1)
              : BoundArguments::BindPositional(name, arguments, {"value"}, 1));
  ASSIGN_OR_RETURN(const size_t start, ReadBound(bound, "start", 0, items.size()));
  ASSIGN_OR_RETURN(const size_t stop, ReadBound(bound, "stop", items.size(), items.size()));
  int64_t count = 0;
  for (size_t i = start; i < stop; ++i) {
    ASSIGN_OR_RETURN(const bool equal, ValuesEqual(items[i], *bound.Get("value"), run.budget()));
    if (equal && name == "index") return Value{static_cast<int64_t>(i)};
    if (equal) ++count;
  }
  if (name == "index") return absl::InvalidArgumentError("index(): the list has no such item");
  return Value{count};
}

// dict_keys and dict_items have isdisjoint().
Result CallViewMethod(const Value& value, const Arguments& arguments, Run& run) {
  ASSIGN_OR_RETURN(const auto bound,
                   BoundArguments::BindPositional("isdisjoint", arguments, {"other"}, 1));
  ASSIGN_OR_RETURN(const List others, GetItems(*bound.Get("other"), run.budget()));
  for (const Value& other : others) {
    for (const Value& item : value.AsSequence()->items) {
      ASSIGN_OR_RETURN(const bool equal, ValuesEqual(item, other, run.budget()));
      if (equal) return Value{false};
    }
  }
  return Value{true};
}

}  // namespace

bool HasMethod(const Value& value, std::string_view name) {
  if (value.AsString() != nullptr) return HasStringMethod(name);
  if (value.AsMap() != nullptr) return Contains(kMapMethods, name);
  if (value.IsInteger() || value.As<double>() != nullptr) return HasNumberMethod(value, name);
  const auto* sequence = value.AsSequence();
  if (sequence == nullptr) return false;
  if (sequence->kind == Kind::kKeys || sequence->kind == Kind::kItems) return name == "isdisjoint";
  if (!sequence->IsIndexable()) return false;
  return name == "count" || name == "index" || (name == "copy" && sequence->kind == Kind::kList);
}

bool IsForbidden(const Value& value, std::string_view name) {
  if (value.AsMap() != nullptr) return Contains(kMapChanges, name);
  const auto* sequence = value.AsSequence();
  return sequence != nullptr && sequence->kind == Kind::kList && Contains(kListChanges, name);
}

Result CallMethod(const Value& value, std::string_view name, const Arguments& arguments, Run& run) {
  if (value.AsString() != nullptr) return CallStringMethod(value, name, arguments, run);
  if (value.AsMap() != nullptr) return CallMapMethod(value, name, arguments, run);
  if (value.AsSequence() == nullptr) return CallNumberMethod(value, name, arguments);
  if (name == "isdisjoint") return CallViewMethod(value, arguments, run);
  return CallListMethod(value, name, arguments, run);
}

Result MapFromKeys(const Arguments& arguments, Run& run) {
  ASSIGN_OR_RETURN(const auto bound,
                   BoundArguments::BindPositional("fromkeys", arguments, {"iterable", "value"}, 1));
  ASSIGN_OR_RETURN(const List keys, GetItems(*bound.Get("iterable"), run.budget()));
  Map map;
  for (const Value& key : keys) {
    RETURN_IF_ERROR(SpendKey(key, run.budget()));
    RETURN_IF_ERROR(map.Set(key, bound.GetOr("value", Value::None())));
  }
  return MakeMap(std::move(map));
}

}  // namespace assay::jinja
