// Filters of a template that apply a filter or a test to each item: map, select and their kin.
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

using Value = Value;
using Result = absl::StatusOr<Value>;
using Kind = SequenceKind;

// The arguments after the first `dropped` positional ones.
Arguments Rest(const Arguments& all, size_t dropped) {
  Arguments rest = all;
  const size_t gone = std::min(dropped, rest.positional.size());
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + static_cast<std::ptrdiff_t>(gone));
  return rest;
}

// jinja2: nothing of any false value, even one that is not iterable.
absl::StatusOr<List> ItemsOfAny(const FilterCall& call) {
  if (!call.value.Truth()) return List();
  return ItemsOf(call.value, call.budget);
}

// map(attribute="x", default=y)
Result MapAttribute(const FilterCall& call) {
  ASSIGN_OR_RETURN(
      const auto bound,
      BoundArguments::Bind(call.name, {.positional = {}, .named = call.arguments.named},
                           {"attribute", "default"}, 1));
  ASSIGN_OR_RETURN(List items, ItemsOfAny(call));
  const Value* otherwise = bound.Get("default");
  for (Value& item : items) {
    Result part = AttributeAt(item, *bound.Get("attribute"));
    if (!part.ok()) return part;
    const bool missing = part->IsUndefined() && otherwise != nullptr && !otherwise->IsNone();
    item = missing ? *otherwise : *std::move(part);
  }
  return MakeSequence(Kind::kGenerator, std::move(items));
}

Result MapFilter(const FilterCall& call) {
  if (call.arguments.positional.empty()) return MapAttribute(call);
  const std::string* name = call.arguments.positional[0].AsText();
  if (name == nullptr) return absl::InvalidArgumentError("map needs a filter's name");
  const Arguments rest = Rest(call.arguments, 1);
  ASSIGN_OR_RETURN(List items, ItemsOfAny(call));
  for (Value& item : items) {
    RETURN_IF_ERROR(call.budget.Spend(1));
    Result mapped = RunTemplateFilter({*name, item, rest, call.budget});
    if (!mapped.ok()) return mapped;
    item = *std::move(mapped);
  }
  return MakeSequence(Kind::kGenerator, std::move(items));
}

// select, reject: of the items; selectattr, rejectattr: of what a path finds in them.
Result Select(const FilterCall& call) {
  const bool by_attribute = absl::EndsWith(std::string(call.name), "attr");
  const bool keeps = call.name[0] == 's';
  const size_t at = by_attribute ? 1 : 0;
  const List& given = call.arguments.positional;
  if (given.size() < at) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(call.name), " needs an attribute"));
  }
  const std::string* test = given.size() > at ? given[at].AsText() : nullptr;
  if (given.size() > at && test == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(call.name), " needs a test's name"));
  }
  const Arguments rest = Rest(call.arguments, at + 1);
  ASSIGN_OR_RETURN(const List items, ItemsOfAny(call));
  List kept;
  for (const Value& item : items) {
    RETURN_IF_ERROR(call.budget.Spend(1));
    Result tested = by_attribute ? AttributeAt(item, given[0]) : item;
    if (!tested.ok()) return tested;
    ASSIGN_OR_RETURN(const bool passes, test == nullptr
                                            ? tested->Truth()
                                            : RunTemplateTest(*test, *tested, rest, call.budget));
    if (passes == keeps) kept.push_back(item);
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
