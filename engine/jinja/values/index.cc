// Items and slices of template values.
#include "engine/jinja/values/index.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/map.h"
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

// Returns the nearest integer that is far from the limits of 64 bits. No list is as long as this
// limit, so it does not change the result.
int64_t ClampedInteger(const Value& value) {
  constexpr int64_t kLimit = int64_t{1} << 40;
  int64_t number = 0;
  if (!AsInteger(value, &number)) return IsNegative(value) ? -kLimit : kLimit;
  return std::clamp(number, -kLimit, kLimit);
}

absl::StatusOr<int64_t> ResolveBound(const Value& bound, int64_t fallback, int64_t length,
                                     int64_t step) {
  if (bound.IsNone()) return fallback;
  if (!bound.IsInteger()) return TypeError("a slice", "integers", bound);
  int64_t at = ClampedInteger(bound);
  if (at < 0) at = at < -length ? -1 : at + length;
  return std::clamp<int64_t>(at, step < 0 ? -1 : 0, step < 0 ? length - 1 : length);
}

absl::StatusOr<SliceIndices> ResolveSlice(const Value& start, const Value& stop, const Value& step,
                                          int64_t length) {
  SliceIndices indices{.start = 0, .stop = 0, .step = 1};
  if (!step.IsNone()) {
    indices.step = step.IsInteger() ? ClampedInteger(step) : 0;
    if (indices.step == 0) {
      return absl::InvalidArgumentError("a slice's step must be an integer other than 0");
    }
  }
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

absl::StatusOr<std::optional<Value>> FindItem(const Value& container, const Value& index,
                                              Budget& budget) {
  if (const auto* map = container.AsMap()) {
    RETURN_IF_ERROR(SpendKey(index, budget));
    const absl::StatusOr<const Value*> found = map->Find(index);
    if (!found.ok() || *found == nullptr) return std::nullopt;
    return **found;
  }
  int64_t at = 0;
  if (!AsInteger(index, &at)) return std::nullopt;
  const auto* sequence = container.AsSequence();
  if (sequence != nullptr && sequence->IsIndexable()) {
    const auto length = static_cast<int64_t>(sequence->items.size());
    if (at < -length || at >= length) return std::nullopt;
    return sequence->items[static_cast<size_t>(at < 0 ? at + length : at)];
  }
  const auto* text = container.AsString();
  if (text == nullptr) return std::nullopt;
  RETURN_IF_ERROR(budget.SpendBytes(text->size() * 8));
  const std::vector<size_t> offsets = CharacterOffsets(*text);
  const auto length = static_cast<int64_t>(offsets.size()) - 1;
  if (at < -length || at >= length) return std::nullopt;
  const auto character = static_cast<size_t>(at < 0 ? at + length : at);
  return Value::String(
      text->substr(offsets[character], offsets[character + 1] - offsets[character]),
      container.IsMarkup());
}

bool HasSlices(const Value& container) {
  const auto* sequence = container.AsSequence();
  return container.AsString() != nullptr || (sequence != nullptr && sequence->IsIndexable());
}

Result SliceValue(const Value& container, const Value& start, const Value& stop, const Value& step,
                  Budget& budget) {
  const auto* sequence = container.AsSequence();
  const auto* text = container.AsString();
  if (!HasSlices(container)) {
    return TypeError("a slice", "a string or a list", container);
  }
  if (sequence != nullptr) {
    ASSIGN_OR_RETURN(const SliceIndices indices,
                     ResolveSlice(start, stop, step, static_cast<int64_t>(sequence->items.size())));
    RETURN_IF_ERROR(budget.SpendItems(sequence->items.size()));
    if (sequence->kind == SequenceKind::kRange) {
      return MakeRange(sequence->start + indices.start * sequence->step,
                       sequence->start + indices.stop * sequence->step,
                       sequence->step * indices.step);
    }
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

Result MakeRange(int64_t start, int64_t stop, int64_t step) {
  if (step == 0) return absl::InvalidArgumentError("range: the step must not be 0");
  List items;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (items.size() == kMaxItems) {
      return absl::InvalidArgumentError(absl::StrCat("range: more than ", kMaxItems, " items"));
    }
    items.push_back(Value{i});
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return Value{std::make_shared<const Sequence>(Sequence{.kind = SequenceKind::kRange,
                                                         .nesting = 1,
                                                         .items = std::move(items),
                                                         .start = start,
                                                         .stop = stop,
                                                         .step = step})};
}

}  // namespace assay::jinja
