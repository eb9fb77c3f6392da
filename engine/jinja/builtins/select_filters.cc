// The filters that apply a filter or a test to each item: map, select, reject and their variants.
#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/attributes.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/builtins/tests.h"
#include "engine/jinja/values/iteration.h"

namespace assay::jinja {
namespace {

using Next = absl::StatusOr<std::optional<Value>>;

// Returns what an item becomes; nullopt drops it.
using Visitor = std::function<Next(Value)>;

// Returns an iterator over what visit() makes of the items of the call's value. `prepare` returns
// `visit` or the error of the arguments, which jinja2 also finds only when the first item is
// needed.
Result MakeVisitor(const FilterCall& call, std::function<absl::StatusOr<Visitor>()> prepare) {
  struct State {
    std::shared_ptr<Iterator> items;
    Visitor visit;
  };
  auto state = std::make_shared<State>();
  int nesting = call.value.Nesting();
  for (const Value& value : call.arguments.positional) nesting = std::max(nesting, value.Nesting());
  for (const auto& [name, value] : call.arguments.named) {
    nesting = std::max(nesting, value.Nesting());
  }
  return MakeIterator(std::make_shared<Generator>(
      [state, value = call.value, prepare = std::move(prepare), &run = call.run]() -> Next {
        if (state->items == nullptr) {
          // As in jinja2, any falsy value counts as empty, even one that is not iterable.
          if (!value.IsTruthy()) return std::nullopt;
          ASSIGN_OR_RETURN(state->visit, prepare());
          ASSIGN_OR_RETURN(state->items, GetIterator(value, run.budget()));
        }
        while (true) {
          RETURN_IF_ERROR(run.budget().Spend(1));
          ASSIGN_OR_RETURN(std::optional<Value> item, state->items->Next());
          if (!item.has_value()) return std::nullopt;
          ASSIGN_OR_RETURN(std::optional<Value> visited, state->visit(*std::move(item)));
          if (visited.has_value()) return visited;
        }
      },
      nesting));
}

// Returns the arguments after the first `dropped` positional ones.
Arguments DropPositional(const Arguments& all, size_t dropped) {
  Arguments rest = all;
  const size_t count = std::min(dropped, rest.positional.size());
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + static_cast<std::ptrdiff_t>(count));
  return rest;
}

// Prepares map(attribute="x", default=y).
absl::StatusOr<Visitor> MapAttribute(const Arguments& arguments, Run& run) {
  ASSIGN_OR_RETURN(const auto bound,
                   BoundArguments::Bind("map", arguments, {"attribute", "default"}, 1));
  return [attribute = *bound.Get("attribute"), fallback = bound.GetOr("default", Value::None()),
          &run](const Value& item) -> Next {
    ASSIGN_OR_RETURN(Value part, ResolvePath(item, attribute, fallback, run));
    return part;
  };
}

Result MapFilter(const FilterCall& call) {
  return MakeVisitor(call,
                     [arguments = call.arguments, &run = call.run]() -> absl::StatusOr<Visitor> {
                       if (arguments.positional.empty()) return MapAttribute(arguments, run);
                       const Value& given = arguments.positional[0];
                       if (given.AsString() == nullptr)
                         return TypeError("map", "the name of a filter", given);
                       return [name = *given.AsString(), rest = DropPositional(arguments, 1),
                               &run](const Value& item) -> Next {
                         ASSIGN_OR_RETURN(Value mapped, ApplyFilter({name, item, rest, run}));
                         return mapped;
                       };
                     });
}

// select and reject test the items, selectattr and rejectattr test what a path finds in each.
absl::StatusOr<Visitor> PrepareSelect(const std::string& name, const Arguments& arguments,
                                      Run& run) {
  const bool by_attribute = absl::EndsWith(name, "attr");
  const size_t at = by_attribute ? 1 : 0;
  const List& given = arguments.positional;
  if (given.size() < at) {
    return absl::InvalidArgumentError(absl::StrCat(name, " needs the name of an attribute"));
  }
  const std::string* test = given.size() > at ? given[at].AsString() : nullptr;
  if (given.size() > at && test == nullptr) return TypeError(name, "the name of a test", given[at]);
  return [path = by_attribute ? given[0] : Value::None(),
          test = test == nullptr ? std::nullopt : std::optional<std::string>(*test),
          selects = name[0] == 's', rest = DropPositional(arguments, at + 1),
          &run](Value item) -> Next {
    ASSIGN_OR_RETURN(const Value tested, ResolvePath(item, path, Value::None(), run));
    ASSIGN_OR_RETURN(const bool passes, test.has_value()
                                            ? ApplyTest(*test, tested, rest, run.budget())
                                            : absl::StatusOr<bool>(tested.IsTruthy()));
    if (passes != selects) return std::nullopt;
    return item;
  };
}

Result Select(const FilterCall& call) {
  return MakeVisitor(call, [name = std::string(call.name), arguments = call.arguments,
                            &run = call.run] { return PrepareSelect(name, arguments, run); });
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
