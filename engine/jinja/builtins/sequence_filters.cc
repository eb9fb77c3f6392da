// The filters of sequences and dictionaries.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/builtins/attributes.h"
#include "engine/jinja/builtins/filters.h"
#include "engine/jinja/builtins/methods.h"
#include "engine/jinja/values/index.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/iteration.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/operators.h"
#include "engine/jinja/values/strings.h"
#include "engine/jinja/values/to_string.h"

namespace assay::jinja {
namespace {

Result Default(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"default_value", "boolean"}));
  const bool missing =
      call.value.IsUndefined() || (bound.GetBool("boolean", false) && !call.value.IsTruthy());
  if (!missing) return call.value;
  return bound.GetOr("default_value", Value::String(""));
}

Result Length(const FilterCall& call) {
  RETURN_IF_ERROR(call.BindPositional({}).status());
  if (const std::string* text = call.value.AsString()) {
    RETURN_IF_ERROR(call.run.budget().SpendBytes(text->size()));
  }
  ASSIGN_OR_RETURN(const int64_t length, GetLength(call.value));
  return Value{length};
}

Result First(const FilterCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  ASSIGN_OR_RETURN(const auto iterator, GetIterator(call.value, call.run.budget()));
  ASSIGN_OR_RETURN(const std::optional<Value> first, iterator->Next());
  return first.value_or(Value{});
}

Result Last(const FilterCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  ASSIGN_OR_RETURN(const List items, GetReversed(call.value, call.run.budget()));
  return items.empty() ? Value{} : items.front();
}

Result ListFilter(const FilterCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  ASSIGN_OR_RETURN(List items, GetItems(call.value, call.run.budget()));
  return MakeList(std::move(items));
}

Result Reverse(const FilterCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  if (call.value.AsString() != nullptr) {
    return SliceValue(call.value, Value::None(), Value::None(), Value{int64_t{-1}},
                      call.run.budget());
  }
  absl::StatusOr<List> reversed = GetReversed(call.value, call.run.budget());
  if (reversed.ok()) {
    return MakeIterator(std::make_shared<ListIterator>(*std::move(reversed), call.value.Nesting()));
  }
  // What has no order becomes a list.
  ASSIGN_OR_RETURN(List items, GetItems(call.value, call.run.budget()));
  std::reverse(items.begin(), items.end());
  return MakeList(std::move(items));
}

// Returns the items, or what `attribute` finds in each of them.
absl::StatusOr<List> GetAttributes(const FilterCall& call, const Value* attribute) {
  absl::StatusOr<List> items = GetItems(call.value, call.run.budget());
  if (!items.ok() || attribute == nullptr || attribute->IsNone()) return items;
  for (Value& item : *items) {
    ASSIGN_OR_RETURN(item, ResolvePath(item, *attribute, Value::None(), call.run));
  }
  return items;
}

Result Join(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"d", "attribute"}));
  ASSIGN_OR_RETURN(const std::string between, ToString(bound.GetOr("d", Value::String(""))));
  ASSIGN_OR_RETURN(const List items, GetAttributes(call, bound.Get("attribute")));
  std::vector<std::string> texts;
  texts.reserve(items.size());
  for (const Value& item : items) {
    ASSIGN_OR_RETURN(std::string text, ToString(item));
    RETURN_IF_ERROR(call.run.budget().SpendBytes(text.size() + between.size()));
    texts.push_back(std::move(text));
  }
  ASSIGN_OR_RETURN(std::string joined, JoinStrings(texts, between));
  return Value::String(std::move(joined));
}

// Returns an iterator over a list that `make` computes when the first item is needed.
Result MakeLazily(int nesting, std::function<absl::StatusOr<List>()> make) {
  auto rest = std::make_shared<std::optional<List>>();
  auto next = std::make_shared<size_t>(0);
  return MakeIterator(std::make_shared<Generator>(
      [rest, next, make = std::move(make)]() -> absl::StatusOr<std::optional<Value>> {
        if (!rest->has_value()) {
          ASSIGN_OR_RETURN(*rest, make());
        }
        if (*next == (*rest)->size()) return std::nullopt;
        return (**rest)[(*next)++];
      },
      nesting));
}

Result Items(const FilterCall& call) {
  RETURN_IF_ERROR(call.Bind({}).status());
  return MakeLazily(call.value.Nesting(),
                    [value = call.value, &run = call.run]() -> absl::StatusOr<List> {
                      if (value.IsUndefined()) return List();
                      if (value.AsMap() == nullptr)
                        return TypeError("items", "a dictionary", value);
                      ASSIGN_OR_RETURN(const Value pairs, CallMethod(value, "items", {}, run));
                      return pairs.AsSequence()->items;
                    });
}

Result Sum(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"attribute", "start"}));
  Result sum = bound.GetOr("start", Value{int64_t{0}});
  if (sum->AsString() != nullptr) return TypeError("sum", "a number", *sum);
  ASSIGN_OR_RETURN(const List items, GetAttributes(call, bound.Get("attribute")));
  for (const Value& item : items) {
    RETURN_IF_ERROR(call.run.budget().Spend(1));
    sum = Arithmetic("+", *sum, item, call.run.budget());
    if (!sum.ok()) return sum;
  }
  return sum;
}

absl::StatusOr<List> MakeBatches(const Value& value, const Value& count, const Value& fill,
                                 Run& run) {
  ASSIGN_OR_RETURN(const List items, GetItems(value, run.budget()));
  List batches;
  List batch;
  const auto flush = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(Value list, MakeList(std::exchange(batch, {})));
    batches.push_back(std::move(list));
    return absl::OkStatus();
  };
  for (const Value& item : items) {
    const Value size{static_cast<int64_t>(batch.size())};
    ASSIGN_OR_RETURN(const bool full, Compare("==", size, count, run.budget()));
    if (full) RETURN_IF_ERROR(flush());
    batch.push_back(item);
  }
  if (batch.empty()) return batches;
  if (!fill.IsNone()) {
    const Value size{static_cast<int64_t>(batch.size())};
    ASSIGN_OR_RETURN(const bool partial, Compare("<", size, count, run.budget()));
    if (partial) {
      ASSIGN_OR_RETURN(const Value list, MakeList({fill}));
      ASSIGN_OR_RETURN(const Value missing, Arithmetic("-", count, size, run.budget()));
      ASSIGN_OR_RETURN(const Value tail, Arithmetic("*", list, missing, run.budget()));
      batch.insert(batch.end(), tail.AsSequence()->items.begin(), tail.AsSequence()->items.end());
    }
  }
  RETURN_IF_ERROR(flush());
  return batches;
}

Result Batch(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"linecount", "fill_with"}, 1));
  const Value count = *bound.Get("linecount");
  const Value fill = bound.GetOr("fill_with", Value::None());
  return MakeLazily(std::max(call.value.Nesting(), fill.Nesting()) + 1,
                    [value = call.value, count, fill, &run = call.run] {
                      return MakeBatches(value, count, fill, run);
                    });
}

// Python's slice filter: distributes the items over `slices` lists.
absl::StatusOr<List> MakeSlices(const Value& value, const Value& slices, const Value& fill,
                                Run& run) {
  ASSIGN_OR_RETURN(const List items, GetItems(value, run.budget()));
  int64_t number = 0;
  if (!AsInteger(slices, &number)) return TypeError("slice", "an integer", slices);
  if (number == 0) return absl::InvalidArgumentError("division by zero");
  if (number > static_cast<int64_t>(kMaxItems)) return ListTooLong();
  const auto count = static_cast<size_t>(std::max<int64_t>(number, 0));
  RETURN_IF_ERROR(run.budget().Spend(static_cast<int64_t>(count)));
  List out;
  for (size_t i = 0, begin = 0; i < count; ++i) {
    const bool extra = i < items.size() % count;
    const size_t end = begin + items.size() / count + (extra ? 1 : 0);
    List part(items.begin() + static_cast<std::ptrdiff_t>(begin),
              items.begin() + static_cast<std::ptrdiff_t>(end));
    if (!fill.IsNone() && !extra) part.push_back(fill);
    ASSIGN_OR_RETURN(Value list, MakeList(std::move(part)));
    out.push_back(std::move(list));
    begin = end;
  }
  return out;
}

Result Slice(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"slices", "fill_with"}, 1));
  const Value slices = *bound.Get("slices");
  const Value fill = bound.GetOr("fill_with", Value::None());
  return MakeLazily(std::max(call.value.Nesting(), fill.Nesting()) + 1,
                    [value = call.value, slices, fill, &run = call.run] {
                      return MakeSlices(value, slices, fill, run);
                    });
}

Result Attr(const FilterCall& call) {
  ASSIGN_OR_RETURN(const auto bound, call.Bind({"name"}, 1));
  ASSIGN_OR_RETURN(const std::string name, bound.GetString("name", ""));
  ASSIGN_OR_RETURN(const std::optional<Value> found, FindAttribute(call.value, name, call.run));
  return found.value_or(Value{});
}

}  // namespace

const Filters& SequenceFilters() {
  static const auto* const kFilters = new Filters{
      {"default", Default}, {"d", Default},   {"length", Length},   {"count", Length},
      {"first", First},     {"last", Last},   {"list", ListFilter}, {"reverse", Reverse},
      {"join", Join},       {"items", Items}, {"sum", Sum},         {"batch", Batch},
      {"slice", Slice},     {"attr", Attr}};
  return *kFilters;
}

}  // namespace assay::jinja
