// Python's iter() and len() of template values.
#include "engine/jinja/values/iteration.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/values/map.h"
#include "engine/jinja/values/strings.h"

namespace assay::jinja {
namespace {

absl::StatusOr<List> DrainIterator(Iterator& iterator, Budget& budget) {
  List items;
  while (true) {
    RETURN_IF_ERROR(budget.Spend(1));
    ASSIGN_OR_RETURN(std::optional<Value> item, iterator.Next());
    if (!item.has_value()) return items;
    if (items.size() == kMaxItems) return ListTooLong();
    items.push_back(*std::move(item));
  }
}

absl::Status NotIterable(const Value& value) {
  return absl::InvalidArgumentError(absl::StrCat(TypeName(value), " is not iterable"));
}

absl::StatusOr<List> GetCharacters(const Value& text, Budget& budget) {
  const std::string_view whole = *text.AsString();
  // Each character becomes a value, which costs as much as a step.
  RETURN_IF_ERROR(budget.Spend(static_cast<int64_t>(whole.size())));
  List items;
  for (size_t at = 0, bytes = 0; at < whole.size(); at += bytes) {
    bytes = NextUtf8(whole.substr(at)).bytes;
    // As in Python, the characters of markup are plain strings.
    items.push_back(Value::String(std::string(whole.substr(at, bytes))));
  }
  return items;
}

// Iterates over a sequence, which it shares.
class SequenceIterator : public Iterator {
 public:
  explicit SequenceIterator(std::shared_ptr<const Sequence> sequence)
      : Iterator(sequence->nesting), sequence_(std::move(sequence)) {}
  absl::StatusOr<std::optional<Value>> Next() override {
    if (next_ == sequence_->items.size()) return std::nullopt;
    return sequence_->items[next_++];
  }

 private:
  const std::shared_ptr<const Sequence> sequence_;
  size_t next_ = 0;
};

}  // namespace

absl::StatusOr<std::optional<Value>> Generator::Next() {
  if (next_ == nullptr) return std::nullopt;
  absl::StatusOr<std::optional<Value>> value = next_();
  if (!value.ok() || !value->has_value()) next_ = nullptr;
  return value;
}

IteratorOr GetIterator(const Value& value, Budget& budget) {
  if (const auto* sequence = value.As<std::shared_ptr<const Sequence>>()) {
    return std::make_shared<SequenceIterator>(*sequence);
  }
  if (const auto* iterator = value.As<std::shared_ptr<Iterator>>()) return *iterator;
  if (Object* object = value.AsObject()) {
    std::shared_ptr<Iterator> iterator = object->Iterate();
    if (iterator == nullptr) return NotIterable(value);
    return iterator;
  }
  ASSIGN_OR_RETURN(List items, GetItems(value, budget));
  return std::make_shared<ListIterator>(std::move(items), value.Nesting());
}

absl::StatusOr<List> GetItems(const Value& value, Budget& budget) {
  List items;
  if (value.IsUndefined()) return items;
  if (const auto* sequence = value.AsSequence()) {
    RETURN_IF_ERROR(budget.SpendItems(sequence->items.size()));
    return sequence->items;
  }
  if (const auto* map = value.AsMap()) {
    RETURN_IF_ERROR(budget.SpendItems(map->entries().size()));
    for (const auto& [key, unused] : map->entries()) items.push_back(key);
    return items;
  }
  if (value.AsString() != nullptr) return GetCharacters(value, budget);
  if (Iterator* iterator = value.AsIterator()) return DrainIterator(*iterator, budget);
  if (Object* object = value.AsObject()) {
    if (const auto iterator = object->Iterate()) return DrainIterator(*iterator, budget);
  }
  return NotIterable(value);
}

bool IsIterable(const Value& value) {
  if (Object* object = value.AsObject()) return object->Iterate() != nullptr;
  return value.IsUndefined() || value.AsSequence() != nullptr || value.AsMap() != nullptr ||
         value.AsString() != nullptr || value.AsIterator() != nullptr;
}

absl::StatusOr<int64_t> GetLength(const Value& value) {
  if (value.IsUndefined()) return 0;
  if (const auto* map = value.AsMap()) return static_cast<int64_t>(map->entries().size());
  if (const auto* sequence = value.AsSequence()) {
    return static_cast<int64_t>(sequence->items.size());
  }
  if (const auto* text = value.AsString()) return CountCharacters(*text);
  if (Object* object = value.AsObject()) {
    ASSIGN_OR_RETURN(const std::optional<int64_t> length, object->Length());
    if (length.has_value()) return *length;
  }
  return absl::InvalidArgumentError(absl::StrCat(TypeName(value), " has no length"));
}

absl::StatusOr<List> GetReversed(const Value& value, Budget& budget) {
  if (value.AsIterator() != nullptr || value.AsObject() != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(TypeName(value), " cannot be reversed"));
  }
  absl::StatusOr<List> items = GetItems(value, budget);
  if (items.ok()) std::reverse(items->begin(), items->end());
  return items;
}

}  // namespace assay::jinja
