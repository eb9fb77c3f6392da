// Python's iter() and len() of template values.
#ifndef ASSAY_ENGINE_JINJA_VALUES_ITERATION_H_
#define ASSAY_ENGINE_JINJA_VALUES_ITERATION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

using IteratorOr = absl::StatusOr<std::shared_ptr<Iterator>>;

// Iterates over a list.
class ListIterator : public Iterator {
 public:
  ListIterator(List items, int nesting) : Iterator(nesting), items_(std::move(items)) {}
  absl::StatusOr<std::optional<Value>> Next() override {
    if (next_ == items_.size()) return std::nullopt;
    return items_[next_++];
  }

 private:
  const List items_;
  size_t next_ = 0;
};

// Iterates over what a function returns, as a Python generator does: `next` runs when a value is
// needed. A generator ends with its first error.
class Generator : public Iterator {
 public:
  using Body = std::function<absl::StatusOr<std::optional<Value>>()>;

  Generator(Body next, int nesting) : Iterator(nesting), next_(std::move(next)) {}
  absl::StatusOr<std::optional<Value>> Next() override;

 private:
  Body next_;
};

// Returns an iterator over the items of a sequence, the keys of a map, the characters of a string,
// nothing for undefined. An iterator returns itself. Returns INVALID_ARGUMENT for a value that is
// not iterable.
IteratorOr GetIterator(const Value& value, Budget& budget);
// Returns all that GetIterator() iterates over. It consumes an iterator.
absl::StatusOr<List> GetItems(const Value& value, Budget& budget);
// True if GetIterator() accepts the value.
bool IsIterable(const Value& value);
// Python's len(). Returns INVALID_ARGUMENT for a value without a length.
absl::StatusOr<int64_t> GetLength(const Value& value);
// Python's reversed(). Returns INVALID_ARGUMENT for a value without an order or a length.
absl::StatusOr<List> GetReversed(const Value& value, Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_ITERATION_H_
