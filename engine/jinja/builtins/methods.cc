// The methods of strings, lists and dictionaries.
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
#include "engine/jinja/builtins/string_methods.h"
#include "engine/jinja/values/comparison.h"

namespace assay::jinja {
namespace {

using Kind = SequenceKind;

constexpr std::array<std::string_view, 5> kMapMethods = {"items", "keys", "values", "get", "copy"};
constexpr std::array<std::string_view, 3> kListMethods = {"count", "index", "copy"};

template <size_t N>
bool Contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result MapView(const Map& map, std::string_view name) {
  List items;
  for (const auto& [key, value] : map.entries()) {
    if (name != "items") {
      items.push_back(name == "keys" ? key : value);
      continue;
    }
    ASSIGN_OR_RETURN(Value pair, MakeSequence(Kind::kTuple, {key, value}));
    items.push_back(std::move(pair));
  }
  return MakeSequence(name == "items"  ? Kind::kItems
                      : name == "keys" ? Kind::kKeys
                                       : Kind::kValues,
                      std::move(items));
}

Result CallMapMethod(const Value& value, std::string_view name, const Arguments& arguments,
                     Budget& budget) {
  const Map& map = *value.AsMap();
  if (name == "get") {
    if (!arguments.named.empty()) {
      return absl::InvalidArgumentError("get() takes no named arguments");
    }
    ASSIGN_OR_RETURN(const auto bound,
                     BoundArguments::Bind("get", arguments, {"key", "default"}, 1));
    ASSIGN_OR_RETURN(const Value* found, map.Find(*bound.Get("key")));
    if (found != nullptr) return *found;
    return bound.GetOr("default", Value::None());
  }
  ASSIGN_OR_RETURN(const auto bound, BoundArguments::Bind(name, arguments, {}));
  if (name == "copy") return value;
  RETURN_IF_ERROR(budget.SpendItems(map.entries().size() * 4));
  return MapView(map, name);
}

Result CallListMethod(const Value& value, std::string_view name, const Arguments& arguments,
                      Budget& budget) {
  if (name == "copy") return value;
  ASSIGN_OR_RETURN(const auto bound, BoundArguments::Bind(name, arguments, {"value"}, 1));
  const List& items = value.AsSequence()->items;
  int64_t count = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    ASSIGN_OR_RETURN(const bool equal, ValuesEqual(items[i], *bound.Get("value"), budget));
    if (equal && name == "index") return Value{static_cast<int64_t>(i)};
    if (equal) ++count;
  }
  if (name == "index") return absl::InvalidArgumentError("index(): the list has no such item");
  return Value{count};
}

}  // namespace

bool HasMethod(const Value& value, std::string_view name) {
  if (value.AsString() != nullptr) return HasStringMethod(name);
  if (value.AsMap() != nullptr) return Contains(kMapMethods, name);
  const auto* sequence = value.AsSequence();
  if (sequence == nullptr || !sequence->IsIndexable()) return false;
  return Contains(kListMethods, name) && (name != "copy" || sequence->kind == Kind::kList);
}

Result CallMethod(const Value& value, std::string_view name, const Arguments& arguments,
                  Budget& budget) {
  if (value.AsString() != nullptr) return CallStringMethod(value, name, arguments, budget);
  if (value.AsMap() != nullptr) return CallMapMethod(value, name, arguments, budget);
  return CallListMethod(value, name, arguments, budget);
}

}  // namespace assay::jinja
