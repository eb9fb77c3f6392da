// The filters that apply a filter or a test to each item: map, select, reject and their variants.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/builtins/tests.h"

namespace assay::jinja {
namespace {

using Kind = SequenceKind;

// Returns the arguments after the first `dropped` positional ones.
Arguments DropPositional(const Arguments& all, size_t dropped) {
  Arguments rest = all;
  const size_t count = std::min(dropped, rest.positional.size());
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + static_cast<std::ptrdiff_t>(count));
  return rest;
}

// As in jinja2, any falsy value counts as empty, even one that is not iterable.
absl::StatusOr<List> GetItemsIfTruthy(const FilterCall& call) {
  if (!call.value.IsTruthy()) return List();
  return GetItems(call.value, call.budget);
}

// Applies map(attribute="x", default=y).
Result MapAttribute(const FilterCall& call) {
  ASSIGN_OR_RETURN(
      const auto bound,
      BoundArguments::Bind(call.name, {.positional = {}, .named = call.arguments.named},
                           {"attribute", "default"}, 1));
  ASSIGN_OR_RETURN(List items, GetItemsIfTruthy(call));
  const Value fallback = bound.GetOr("default", Value::None());
  for (Value& item : items) {
    ASSIGN_OR_RETURN(Value part, ResolvePath(item, *bound.Get("attribute")));
    item = std::move(part);
    if (item.IsUndefined() && !fallback.IsNone()) item = fallback;
  }
  return MakeSequence(Kind::kGenerator, std::move(items));
}

Result MapFilter(const FilterCall& call) {
  if (call.arguments.positional.empty()) return MapAttribute(call);
  const std::string* name = call.arguments.positional[0].AsString();
  if (name == nullptr) {
    return TypeError("map", "the name of a filter", call.arguments.positional[0]);
  }
  const Arguments rest = DropPositional(call.arguments, 1);
  ASSIGN_OR_RETURN(List items, GetItemsIfTruthy(call));
  for (Value& item : items) {
    RETURN_IF_ERROR(call.budget.Spend(1));
    ASSIGN_OR_RETURN(Value mapped, ApplyFilter({*name, item, rest, call.budget}));
    item = std::move(mapped);
  }
  return MakeSequence(Kind::kGenerator, std::move(items));
}

// select and reject test the items, selectattr and rejectattr test what a path finds in each.
Result Select(const FilterCall& call) {
  const bool by_attribute = absl::EndsWith(std::string(call.name), "attr");
  const bool selects = call.name[0] == 's';
  const size_t at = by_attribute ? 1 : 0;
  const List& given = call.arguments.positional;
  if (given.size() < at) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(call.name), " needs the name of an attribute"));
  }
  const std::string* test = given.size() > at ? given[at].AsString() : nullptr;
  if (given.size() > at && test == nullptr) {
    return TypeError(call.name, "the name of a test", given[at]);
  }
  const Arguments rest = DropPositional(call.arguments, at + 1);
  ASSIGN_OR_RETURN(const List items, GetItemsIfTruthy(call));
  List kept;
  for (const Value& item : items) {
    RETURN_IF_ERROR(call.budget.Spend(1));
    Result tested = by_attribute ? ResolvePath(item, given[0]) : item;
    if (!tested.ok()) return tested;
    ASSIGN_OR_RETURN(const bool passes, test == nullptr
                                            ? tested->IsTruthy()
                                            : ApplyTest(*test, *tested, rest, call.budget));
    if (passes == selects) kept.push_back(item);
  }
  return MakeSequence(Kind::kGenerator, std::move(kept));
}

}  // namespace

const Filters& SelectFilters() {
  static const auto* const kFilters = new Filters{{"map", MapFilter},
                                                  {"select", Select},
                                                  {"reject", Select},
                                                  {"selectattr", Select},
                                                  {"rejectattr", Select}};
  return *kFilters;
}

}  // namespace assay::jinja
