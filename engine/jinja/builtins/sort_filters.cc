// The filters that compare items: sort, dictsort, groupby, unique, min, max.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/attributes.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/builtins/methods.h"
#include "engine/jinja/values/comparison.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/map.h"
#include "engine/unicode/casing.h"

namespace assay::jinja {
namespace {

// Strings compare case-insensitively by default.
Value SortKey(const Value& value, bool case_sensitive) {
  const auto* text = value.AsString();
  if (text == nullptr || case_sensitive) return value;
  return Value::String(unicode::ToLower(*text), value.IsMarkup());
}

// Python's sorted() accepts only integers of 32 bits for `reverse`.
absl::StatusOr<bool> ReadReverse(const BoundArguments& bound) {
  ASSIGN_OR_RETURN(const int64_t reverse, bound.GetInteger("reverse", 0));
  if (reverse < std::numeric_limits<int32_t>::min() ||
      reverse > std::numeric_limits<int32_t>::max()) {
    return absl::InvalidArgumentError("sort: 'reverse' is out of range");
  }
  return reverse != 0;
}

struct Keyed {
  Value key;
  Value item;
};

// Sorts by the keys. The sort is stable. Returns the error of the first comparison that fails.
absl::StatusOr<std::vector<Keyed>> SortByKeys(std::vector<Keyed> items, bool reverse,
                                              Budget& budget) {
  absl::Status failed;
  const auto less = [&](const Keyed& a, const Keyed& b) {
    if (!failed.ok()) return false;
    const absl::StatusOr<bool> below =
        reverse ? ValueLess(b.key, a.key, budget) : ValueLess(a.key, b.key, budget);
    if (!below.ok()) failed = below.status();
    return below.ok() && *below;
  };
  // A binary insertion sort. Unlike std::sort, it stays within the list even if `less` is
  // inconsistent.
  std::vector<Keyed> sorted;
  sorted.reserve(items.size());
  for (auto& item : items) {
    const auto position = std::upper_bound(sorted.begin(), sorted.end(), item, less);
    if (!failed.ok()) return failed;
    RETURN_IF_ERROR(budget.SpendItems(static_cast<size_t>(sorted.end() - position)));
    sorted.insert(position, std::move(item));
  }
  return sorted;
}

Result MakeSortedList(std::vector<Keyed> items, bool reverse, Budget& budget) {
  ASSIGN_OR_RETURN(std::vector<Keyed> sorted, SortByKeys(std::move(items), reverse, budget));
  List list;
  list.reserve(sorted.size());
  for (Keyed& keyed : sorted) list.push_back(std::move(keyed.item));
  return MakeList(std::move(list));
}

// Returns a list of what the comma-separated paths of `attribute` find in `item`.
Result SortKeys(const Value& item, const Value& attribute, bool exact, Run& run) {
  std::vector<Value> paths = {attribute};
  if (attribute.AsString() != nullptr) {
    paths.clear();
    const std::vector<std::string> names = absl::StrSplit(*attribute.AsString(), ',');
    for (const std::string& name : names) {
      paths.push_back(Value::String(name));
    }
  }
  List keys;
  for (const Value& path : paths) {
    ASSIGN_OR_RETURN(const Value part, ResolvePath(item, path, Value::None(), run));
    keys.push_back(SortKey(part, exact));
  }
  return MakeList(std::move(keys));
}

Result Sort(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"reverse", "case_sensitive", "attribute"}));
  const bool exact = bound.GetBool("case_sensitive", false);
  const Value attribute = bound.GetOr("attribute", Value::None());
  ASSIGN_OR_RETURN(const List items, GetItems(call.value, call.run.budget()));
  std::vector<Keyed> keyed;
  keyed.reserve(items.size());
  for (const Value& item : items) {
    ASSIGN_OR_RETURN(Value key, SortKeys(item, attribute, exact, call.run));
    keyed.push_back({std::move(key), item});
  }
  ASSIGN_OR_RETURN(const bool reverse, ReadReverse(bound));
  return MakeSortedList(std::move(keyed), reverse, call.run.budget());
}

Result DictSort(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"case_sensitive", "by", "reverse"}));
  ASSIGN_OR_RETURN(const std::string by, bound.GetString("by", "key"));
  if (by != "key" && by != "value") {
    return absl::InvalidArgumentError("dictsort: 'by' must be key or value");
  }
  if (call.value.AsMap() == nullptr) return TypeError("dictsort", "a dictionary", call.value);
  ASSIGN_OR_RETURN(Value pairs, CallMethod(call.value, "items", {}, call.run));
  std::vector<Keyed> keyed;
  for (const Value& pair : pairs.AsSequence()->items) {
    const Value& key = pair.AsSequence()->items[by == "key" ? 0 : 1];
    keyed.push_back({SortKey(key, bound.GetBool("case_sensitive", false)), pair});
  }
  ASSIGN_OR_RETURN(const bool reverse, ReadReverse(bound));
  return MakeSortedList(std::move(keyed), reverse, call.run.budget());
}

Result MakeGroup(const Value& grouper, List items) {
  ASSIGN_OR_RETURN(Value list, MakeList(std::move(items)));
  ASSIGN_OR_RETURN(const Value tuple, MakeTuple({grouper, std::move(list)}));
  Sequence group = *tuple.AsSequence();
  group.is_group = true;
  return Value{std::make_shared<const Sequence>(std::move(group))};
}

Result GroupBy(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"attribute", "default", "case_sensitive"}, 1));
  const bool exact = bound.GetBool("case_sensitive", false);
  const Value& attribute = *bound.Get("attribute");
  const Value fallback = bound.GetOr("default", Value::None());
  ASSIGN_OR_RETURN(const List items, GetItems(call.value, call.run.budget()));
  std::vector<Keyed> keyed;
  for (const Value& item : items) {
    ASSIGN_OR_RETURN(const Value part, ResolvePath(item, attribute, fallback, call.run));
    keyed.push_back({SortKey(part, exact), item});
  }
  ASSIGN_OR_RETURN(keyed, SortByKeys(std::move(keyed), false, call.run.budget()));
  List groups;
  for (size_t begin = 0; begin < keyed.size();) {
    List members;
    size_t end = begin;
    while (end < keyed.size()) {
      ASSIGN_OR_RETURN(const bool same,
                       ValuesEqual(keyed[begin].key, keyed[end].key, call.run.budget()));
      if (!same) break;
      members.push_back(keyed[end++].item);
    }
    // NaN is not equal to itself.
    if (end == begin) members.push_back(keyed[end++].item);
    // The key of a group has the case of its first member.
    ASSIGN_OR_RETURN(
        const Value grouper,
        exact ? Result(keyed[begin].key) : ResolvePath(members[0], attribute, fallback, call.run));
    ASSIGN_OR_RETURN(Value group, MakeGroup(grouper, std::move(members)));
    groups.push_back(std::move(group));
    begin = end;
  }
  return MakeList(std::move(groups));
}

Result Unique(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"case_sensitive", "attribute"}));
  struct State {
    std::shared_ptr<Iterator> items;
    Map seen;
  };
  auto state = std::make_shared<State>();
  return MakeIterator(std::make_shared<Generator>(
      [state, value = call.value, exact = bound.GetBool("case_sensitive", false),
       attribute = bound.GetOr("attribute", Value::None()),
       &run = call.run]() -> absl::StatusOr<std::optional<Value>> {
        if (state->items == nullptr) {
          ASSIGN_OR_RETURN(state->items, GetIterator(value, run.budget()));
        }
        while (true) {
          RETURN_IF_ERROR(run.budget().Spend(1));
          ASSIGN_OR_RETURN(std::optional<Value> item, state->items->Next());
          if (!item.has_value()) return std::nullopt;
          ASSIGN_OR_RETURN(const Value part, ResolvePath(*item, attribute, Value::None(), run));
          const Value key = SortKey(part, exact);
          RETURN_IF_ERROR(SpendKey(key, run.budget()));
          ASSIGN_OR_RETURN(const auto* found, state->seen.Find(key));
          if (found != nullptr) continue;
          RETURN_IF_ERROR(state->seen.Set(key, Value::None()));
          return item;
        }
      },
      call.value.Nesting()));
}

Result Extreme(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"case_sensitive", "attribute"}));
  ASSIGN_OR_RETURN(const List items, GetItems(call.value, call.run.budget()));
  if (items.empty()) return Value{};
  const Value attribute = bound.GetOr("attribute", Value::None());
  size_t best = 0;
  Value best_key;
  for (size_t i = 0; i < items.size(); ++i) {
    ASSIGN_OR_RETURN(const Value part, ResolvePath(items[i], attribute, Value::None(), call.run));
    Value key = SortKey(part, bound.GetBool("case_sensitive", false));
    ASSIGN_OR_RETURN(const bool better, i == 0 ? absl::StatusOr<bool>(true)
                                               : ValuesOrdered(call.name == "min" ? "<" : ">", key,
                                                               best_key, call.run.budget()));
    if (!better) continue;
    best = i;
    best_key = std::move(key);
  }
  return items[best];
}

}  // namespace

const Filters& SortFilters() {
  static const auto* const kFilters =
      new Filters{{"sort", Sort},     {"dictsort", DictSort}, {"groupby", GroupBy},
                  {"unique", Unique}, {"min", Extreme},       {"max", Extreme}};
  return *kFilters;
}

}  // namespace assay::jinja
