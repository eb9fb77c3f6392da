// The filters of sequences and dictionaries.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/arguments.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/builtins/methods.h"
#include "engine/jinja/values/comparison.h"
#include "engine/jinja/values/index.h"
#include "engine/jinja/values/operators.h"
#include "engine/jinja/values/strings.h"
#include "engine/jinja/values/to_string.h"
#include "engine/unicode/casing.h"

namespace assay::jinja {
namespace {

using Kind = SequenceKind;

Result Default(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"default_value", "boolean"}));
  const bool missing =
      call.value.IsUndefined() || (bound.GetBool("boolean", false) && !call.value.IsTruthy());
  if (!missing) return call.value;
  return bound.GetOr("default_value", Value::String(""));
}

Result Length(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {}));
  ASSIGN_OR_RETURN(const int64_t length, GetLength(call.value));
  return Value{length};
}

Result Ends(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {}));
  ASSIGN_OR_RETURN(const List items, GetItems(call.value, call.budget));
  if (items.empty()) return Value{};
  return call.name == "first" ? items.front() : items.back();
}

Result ListFilter(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {}));
  ASSIGN_OR_RETURN(List items, GetItems(call.value, call.budget));
  return MakeList(std::move(items));
}

Result Reverse(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {}));
  ASSIGN_OR_RETURN(List items, GetItems(call.value, call.budget));
  std::reverse(items.begin(), items.end());
  if (call.value.AsString() == nullptr) return MakeSequence(Kind::kGenerator, std::move(items));
  return Concatenate(items);
}

// Returns the items, or what `attribute` finds in each of them.
absl::StatusOr<List> GetAttributes(const FilterCall& call, const Value* attribute) {
  absl::StatusOr<List> items = GetItems(call.value, call.budget);
  if (!items.ok() || attribute == nullptr || attribute->IsNone()) return items;
  for (Value& item : *items) {
    ASSIGN_OR_RETURN(Value part, ResolvePath(item, *attribute));
    item = std::move(part);
  }
  return items;
}

Result Join(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"d", "attribute"}));
  const Value* separator = bound.Get("d");
  ASSIGN_OR_RETURN(const std::string between,
                   separator == nullptr ? std::string() : ToString(*separator));
  ASSIGN_OR_RETURN(const List items, GetAttributes(call, bound.Get("attribute")));
  std::vector<std::string> texts;
  texts.reserve(items.size());
  for (const Value& item : items) {
    ASSIGN_OR_RETURN(std::string text, ToString(item));
    RETURN_IF_ERROR(call.budget.SpendBytes(text.size()));
    texts.push_back(std::move(text));
  }
  ASSIGN_OR_RETURN(std::string joined, JoinStrings(texts, between));
  return Value::String(std::move(joined));
}

Result Items(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {}));
  if (call.value.IsUndefined()) return MakeSequence(Kind::kGenerator, {});
  if (call.value.AsMap() == nullptr) {
    return TypeError("items", "a dictionary", call.value);
  }
  ASSIGN_OR_RETURN(const Value pairs, CallMethod(call.value, "items", {}, call.budget));
  return MakeSequence(Kind::kGenerator, pairs.AsSequence()->items);
}

// Strings compare case-insensitively by default.
Value SortKey(const Value& value, bool case_sensitive) {
  const auto* text = value.AsString();
  return text == nullptr || case_sensitive ? value : Value::String(unicode::ToLower(*text));
}

// Sorts (keys, item) pairs by their keys and returns the list of items. The sort is stable. Returns
// the error of the first comparison that fails.
Result SortByKeys(std::vector<std::pair<List, Value>> items, bool reverse, Budget& budget) {
  absl::Status failed;
  const auto less = [&](const auto& a, const auto& b) {
    for (size_t i = 0; failed.ok() && i < a.first.size(); ++i) {
      const absl::StatusOr<bool> equal = ValuesEqual(a.first[i], b.first[i], budget);
      if (!equal.ok()) failed = equal.status();
      if (!equal.ok() || *equal) continue;
      const absl::StatusOr<bool> below = reverse ? ValueLess(b.first[i], a.first[i], budget)
                                                 : ValueLess(a.first[i], b.first[i], budget);
      if (!below.ok()) failed = below.status();
      return below.ok() && *below;
    }
    return false;
  };
  // A binary insertion sort. Unlike std::sort, it stays within the list even if `less` is
  // inconsistent.
  std::vector<std::pair<List, Value>> sorted;
  sorted.reserve(items.size());
  for (auto& item : items) {
    const auto position = std::upper_bound(sorted.begin(), sorted.end(), item, less);
    if (!failed.ok()) return failed;
    const auto moved = static_cast<size_t>(sorted.end() - position);
    RETURN_IF_ERROR(budget.SpendItems(moved));
    sorted.insert(position, std::move(item));
  }
  List list;
  list.reserve(sorted.size());
  for (auto& [keys, item] : sorted) list.push_back(std::move(item));
  return MakeList(std::move(list));
}

Result Sort(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"reverse", "case_sensitive", "attribute"}));
  const bool exact = bound.GetBool("case_sensitive", false);
  ASSIGN_OR_RETURN(const List items, GetItems(call.value, call.budget));
  std::vector<Value> paths;
  const Value* attribute = bound.Get("attribute");
  if (attribute != nullptr && attribute->AsString() != nullptr) {
    for (const auto& path : absl::StrSplit(*attribute->AsString(), ',')) {
      paths.push_back(Value::String(std::string(path)));
    }
  } else if (attribute != nullptr && !attribute->IsNone()) {
    paths.push_back(*attribute);
  }
  std::vector<std::pair<List, Value>> keyed;
  keyed.reserve(items.size());
  for (const Value& item : items) {
    List keys;
    if (paths.empty()) keys.push_back(SortKey(item, exact));
    for (const Value& path : paths) {
      ASSIGN_OR_RETURN(const Value part, ResolvePath(item, path));
      keys.push_back(SortKey(part, exact));
    }
    keyed.emplace_back(std::move(keys), item);
  }
  return SortByKeys(std::move(keyed), bound.GetBool("reverse", false), call.budget);
}

Result DictSort(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"case_sensitive", "by", "reverse"}));
  ASSIGN_OR_RETURN(const std::string by, bound.GetString("by", "key"));
  if (by != "key" && by != "value") {
    return absl::InvalidArgumentError("dictsort: 'by' must be key or value");
  }
  const Arguments none;
  ASSIGN_OR_RETURN(Value pairs, Items({"items", call.value, none, call.budget}));
  std::vector<std::pair<List, Value>> keyed;
  for (const Value& pair : pairs.AsSequence()->items) {
    const Value& key = pair.AsSequence()->items[by == "key" ? 0 : 1];
    keyed.push_back({{SortKey(key, bound.GetBool("case_sensitive", false))}, pair});
  }
  return SortByKeys(std::move(keyed), bound.GetBool("reverse", false), call.budget);
}

Result Unique(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"case_sensitive", "attribute"}));
  ASSIGN_OR_RETURN(const List items, GetItems(call.value, call.budget));
  // The list gives the keys, because a generator is consumed by now.
  ASSIGN_OR_RETURN(const Value list, MakeList(items));
  ASSIGN_OR_RETURN(const List keys, GetAttributes({call.name, list, call.arguments, call.budget},
                                                  bound.Get("attribute")));
  Map seen;
  List kept;
  for (size_t i = 0; i < items.size(); ++i) {
    const Value key = SortKey(keys[i], bound.GetBool("case_sensitive", false));
    ASSIGN_OR_RETURN(const auto found, seen.Find(key));
    if (found != nullptr) continue;
    RETURN_IF_ERROR(seen.Set(key, Value::None()));
    kept.push_back(items[i]);
  }
  return MakeSequence(Kind::kGenerator, std::move(kept));
}

Result Extreme(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"case_sensitive", "attribute"}));
  ASSIGN_OR_RETURN(const List items, GetItems(call.value, call.budget));
  if (items.empty()) return Value{};
  const Value* attribute = bound.Get("attribute");
  size_t best = 0;
  Value best_key;
  for (size_t i = 0; i < items.size(); ++i) {
    Result part = attribute == nullptr ? items[i] : ResolvePath(items[i], *attribute);
    if (!part.ok()) return part;
    Value key = SortKey(*part, bound.GetBool("case_sensitive", false));
    ASSIGN_OR_RETURN(const bool better, i == 0 ? true
                                        : call.name == "min"
                                            ? ValueLess(key, best_key, call.budget)
                                            : ValueLess(best_key, key, call.budget));
    if (!better) continue;
    best = i;
    best_key = std::move(key);
  }
  return items[best];
}

Result Sum(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"attribute", "start"}));
  ASSIGN_OR_RETURN(const List items, GetAttributes(call, bound.Get("attribute")));
  Result sum = bound.GetOr("start", Value{int64_t{0}});
  if (sum->AsString() != nullptr) return TypeError("sum", "a number", *sum);
  for (const Value& item : items) {
    sum = Arithmetic("+", *sum, item, call.budget);
    if (!sum.ok()) return sum;
  }
  return sum;
}

Result Batch(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, BindFilter(call, {"linecount", "fill_with"}, 1));
  ASSIGN_OR_RETURN(const int64_t count, bound.GetInteger("linecount", 1));
  if (count < 1 || count > static_cast<int64_t>(kMaxItems)) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch: a size of ", count, "; it must be 1 to ", kMaxItems));
  }
  ASSIGN_OR_RETURN(const List items, GetItems(call.value, call.budget));
  const auto size = static_cast<size_t>(count);
  List batches;
  for (size_t at = 0; at < items.size(); at += size) {
    const size_t end = std::min(at + size, items.size());
    List batch(items.begin() + static_cast<std::ptrdiff_t>(at),
               items.begin() + static_cast<std::ptrdiff_t>(end));
    const Value* fill = bound.Get("fill_with");
    if (fill != nullptr && !fill->IsNone()) batch.resize(size, *fill);
    ASSIGN_OR_RETURN(Value list, MakeList(std::move(batch)));
    batches.push_back(std::move(list));
  }
  return MakeSequence(Kind::kGenerator, std::move(batches));
}

}  // namespace

const Filters& SequenceFilters() {
  static const auto* const kFilters = new Filters{
      {"default", Default}, {"d", Default},   {"length", Length},     {"count", Length},
      {"first", Ends},      {"last", Ends},   {"list", ListFilter},   {"reverse", Reverse},
      {"join", Join},       {"items", Items}, {"dictsort", DictSort}, {"sort", Sort},
      {"unique", Unique},   {"min", Extreme}, {"max", Extreme},       {"sum", Sum},
      {"batch", Batch}};
  return *kFilters;
}

Result ResolvePath(const Value& value, const Value& path) {
  if (path.AsString() == nullptr) return IndexValue(value, path);
  Result part = value;
  for (const auto& name : absl::StrSplit(*path.AsString(), '.')) {
    const std::string key(name);
    int64_t index = 0;
    const bool number = !key.empty() && key.find_first_not_of("0123456789") == key.npos &&
                        absl::SimpleAtoi(key, &index);
    part = IndexValue(*part, number ? Value{index} : Value::String(key));
    if (!part.ok()) return part;
  }
  return part;
}

}  // namespace assay::jinja
