// Items and slices of values of a template.
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
#include "base/utf8.h"
#include "engine/jinja/values/operators.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {
namespace {

using Value = Value;
using Result = absl::StatusOr<Value>;
using Kind = SequenceKind;

bool HasPlaces(const Sequence& sequence) {
  return sequence.kind == Kind::kList || sequence.kind == Kind::kTuple ||
         sequence.kind == Kind::kRange;
}

// Python's slice.indices(): the places from `start` in steps.
struct Places {
  int64_t start;
  int64_t stop;
  int64_t step;
};

absl::StatusOr<int64_t> Bound(const Value& bound, int64_t otherwise, int64_t length, int64_t step) {
  if (bound.IsNone()) return otherwise;
  int64_t place = 0;
  if (!AsTemplateInteger(bound, &place)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a slice is not possible with ", std::string(TypeName(bound))));
  }
  if (place < 0) place = place < -length ? -1 : place + length;
  return std::clamp<int64_t>(place, step < 0 ? -1 : 0, step < 0 ? length - 1 : length);
}

absl::StatusOr<Places> PlacesOf(const Value& start, const Value& stop, const Value& step,
                                int64_t length) {
  Places places{.start = 0, .stop = 0, .step = 1};
  if (!step.IsNone() && (!AsTemplateInteger(step, &places.step) || places.step == 0)) {
    return absl::InvalidArgumentError("a slice's step must be a number other than 0");
  }
  // No list is as long: keeps the sums below in range.
  places.step = std::clamp<int64_t>(places.step, -(int64_t{1} << 40), int64_t{1} << 40);
  const bool back = places.step < 0;
  ASSIGN_OR_RETURN(const int64_t first, Bound(start, back ? length - 1 : 0, length, places.step));
  ASSIGN_OR_RETURN(const int64_t last, Bound(stop, back ? -1 : length, length, places.step));
  places.start = first;
  places.stop = last;
  return places;
}

template <typename Take>
void ForEachPlace(const Places& places, Take take) {
  if (places.step > 0) {
    for (int64_t i = places.start; i < places.stop; i += places.step) take(static_cast<size_t>(i));
  } else {
    for (int64_t i = places.start; i > places.stop; i += places.step) take(static_cast<size_t>(i));
  }
}

}  // namespace

std::vector<size_t> CharacterOffsets(std::string_view text) {
  std::vector<size_t> offsets;
  for (size_t at = 0; at < text.size(); at += NextUtf8(text.substr(at)).bytes) {
    offsets.push_back(at);
  }
  offsets.push_back(text.size());
  return offsets;
}

Result IndexValue(const Value& container, const Value& index) {
  if (container.IsUndefined()) return absl::InvalidArgumentError("undefined has no items");
  if (const auto* map = container.AsMap()) {
    const absl::StatusOr<const Value*> found = map->Find(index);
    if (!found.ok() || *found == nullptr) return Value{};
    return **found;
  }
  int64_t place = 0;
  if (!AsTemplateInteger(index, &place)) return Value{};
  const auto* sequence = container.AsSequence();
  if (sequence != nullptr && HasPlaces(*sequence)) {
    const auto length = static_cast<int64_t>(sequence->items.size());
    if (place < -length || place >= length) return Value{};
    return sequence->items[static_cast<size_t>(place < 0 ? place + length : place)];
  }
  const auto* text = container.AsText();
  if (text == nullptr) return Value{};
  const std::vector<size_t> offsets = CharacterOffsets(*text);
  const auto length = static_cast<int64_t>(offsets.size()) - 1;
  if (place < -length || place >= length) return Value{};
  const auto at = static_cast<size_t>(place < 0 ? place + length : place);
  return Value::Text(text->substr(offsets[at], offsets[at + 1] - offsets[at]));
}

Result SliceValue(const Value& container, const Value& start, const Value& stop, const Value& step,
                  Budget& budget) {
  const auto* sequence = container.AsSequence();
  const auto* text = container.AsText();
  if (container.IsUndefined()) return absl::InvalidArgumentError("undefined has no items");
  if (text == nullptr && (sequence == nullptr || !HasPlaces(*sequence))) return Value{};
  if (sequence != nullptr) {
    ASSIGN_OR_RETURN(const Places places,
                     PlacesOf(start, stop, step, static_cast<int64_t>(sequence->items.size())));
    RETURN_IF_ERROR(budget.SpendItems(sequence->items.size()));
    List items;
    ForEachPlace(places, [&](size_t i) { items.push_back(sequence->items[i]); });
    return MakeSequence(sequence->kind, std::move(items));
  }
  RETURN_IF_ERROR(budget.SpendBytes(text->size() * 8));
  const std::vector<size_t> offsets = CharacterOffsets(*text);
  ASSIGN_OR_RETURN(const Places places,
                   PlacesOf(start, stop, step, static_cast<int64_t>(offsets.size()) - 1));
  std::string part;
  ForEachPlace(places,
               [&](size_t i) { part += text->substr(offsets[i], offsets[i + 1] - offsets[i]); });
  return Value::Text(std::move(part), container.IsMarkup());
}

}  // namespace assay::jinja
