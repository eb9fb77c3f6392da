// Items and slices of template values.
#include "engine/jinja/values/index.h"

#include <algorithm>
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
#include "engine/jinja/values/strings.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {
namespace {

// The result of Python's slice.indices(): every `step`-th index from `start` up to `stop`, which is
// excluded.
struct SliceIndices {
  int64_t start;
  int64_t stop;
  int64_t step;
};

absl::StatusOr<int64_t> ResolveBound(const Value& bound, int64_t fallback, int64_t length,
                                     int64_t step) {
  if (bound.IsNone()) return fallback;
  int64_t at = 0;
  if (!AsInteger(bound, &at)) {
    return TypeError("a slice", "integers", bound);
  }
  if (at < 0) at = at < -length ? -1 : at + length;
  return std::clamp<int64_t>(at, step < 0 ? -1 : 0, step < 0 ? length - 1 : length);
}

absl::StatusOr<SliceIndices> ResolveSlice(const Value& start, const Value& stop, const Value& step,
                                          int64_t length) {
  SliceIndices indices{.start = 0, .stop = 0, .step = 1};
  if (!step.IsNone() && (!AsInteger(step, &indices.step) || indices.step == 0)) {
    return absl::InvalidArgumentError("a slice's step must be a number other than 0");
  }
  // No list is as long as this limit, which keeps the sums below in range.
  indices.step = std::clamp<int64_t>(indices.step, -(int64_t{1} << 40), int64_t{1} << 40);
  const bool back = indices.step < 0;
  ASSIGN_OR_RETURN(const int64_t first,
                   ResolveBound(start, back ? length - 1 : 0, length, indices.step));
  ASSIGN_OR_RETURN(const int64_t last,
                   ResolveBound(stop, back ? -1 : length, length, indices.step));
  indices.start = first;
  indices.stop = last;
  return indices;
}

template <typename Visit>
void ForEachIndex(const SliceIndices& indices, Visit visit) {
  if (indices.step > 0) {
    for (int64_t i = indices.start; i < indices.stop; i += indices.step) {
      visit(static_cast<size_t>(i));
    }
  } else {
    for (int64_t i = indices.start; i > indices.stop; i += indices.step) {
      visit(static_cast<size_t>(i));
    }
  }
}

}  // namespace

Result IndexValue(const Value& container, const Value& index) {
  if (container.IsUndefined()) return absl::InvalidArgumentError("undefined has no items");
  if (const auto* map = container.AsMap()) {
    const absl::StatusOr<const Value*> found = map->Find(index);
    if (!found.ok() || *found == nullptr) return Value{};
    return **found;
  }
  int64_t at = 0;
  if (!AsInteger(index, &at)) return Value{};
  const auto* sequence = container.AsSequence();
  if (sequence != nullptr && sequence->IsIndexable()) {
    const auto length = static_cast<int64_t>(sequence->items.size());
    if (at < -length || at >= length) return Value{};
    return sequence->items[static_cast<size_t>(at < 0 ? at + length : at)];
  }
  const auto* text = container.AsString();
  if (text == nullptr) return Value{};
  const std::vector<size_t> offsets = CharacterOffsets(*text);
  const auto length = static_cast<int64_t>(offsets.size()) - 1;
  if (at < -length || at >= length) return Value{};
  const auto character = static_cast<size_t>(at < 0 ? at + length : at);
  return Value::String(
      text->substr(offsets[character], offsets[character + 1] - offsets[character]));
}

Result SliceValue(const Value& container, const Value& start, const Value& stop, const Value& step,
                  Budget& budget) {
  const auto* sequence = container.AsSequence();
  const auto* text = container.AsString();
  if (container.IsUndefined()) return absl::InvalidArgumentError("undefined has no items");
  if (text == nullptr && (sequence == nullptr || !sequence->IsIndexable())) return Value{};
  if (sequence != nullptr) {
    ASSIGN_OR_RETURN(const SliceIndices indices,
                     ResolveSlice(start, stop, step, static_cast<int64_t>(sequence->items.size())));
    RETURN_IF_ERROR(budget.SpendItems(sequence->items.size()));
    List items;
    ForEachIndex(indices, [&](size_t i) { items.push_back(sequence->items[i]); });
    return MakeSequence(sequence->kind, std::move(items));
  }
  RETURN_IF_ERROR(budget.SpendBytes(text->size() * 8));
  const std::vector<size_t> offsets = CharacterOffsets(*text);
  ASSIGN_OR_RETURN(const SliceIndices indices,
                   ResolveSlice(start, stop, step, static_cast<int64_t>(offsets.size()) - 1));
  std::string part;
  ForEachIndex(indices,
               [&](size_t i) { part += text->substr(offsets[i], offsets[i + 1] - offsets[i]); });
  return Value::String(std::move(part), container.IsMarkup());
}

}  // namespace assay::jinja
