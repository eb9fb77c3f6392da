// Python's == and < of template values.
#include "engine/jinja/values/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/values/integer.h"
#include "engine/jinja/values/map.h"

namespace assay::jinja {
namespace {

using Kind = SequenceKind;

bool IsSetView(const Sequence& sequence) {
  return sequence.kind == Kind::kKeys || sequence.kind == Kind::kItems;
}

// Compares two numbers. Returns nullopt for NaN, which has no order.
std::optional<int> CompareNumbers(const Value& a, const Value& b) {
  const auto* x = a.As<double>();
  const auto* y = b.As<double>();
  if ((x != nullptr && std::isnan(*x)) || (y != nullptr && std::isnan(*y))) return std::nullopt;
  if (x != nullptr && y != nullptr) return *x < *y ? -1 : (*x > *y ? 1 : 0);
  if (x != nullptr) return -CompareIntegerWithFloat(b, *x);
  if (y != nullptr) return CompareIntegerWithFloat(a, *y);
  return CompareIntegers(a, b);
}

bool IsNumber(const Value& value) { return value.IsInteger() || value.As<double>() != nullptr; }

// True if all items of `a` are among those of `b`.
absl::StatusOr<bool> IsSubset(const Sequence& a, const Sequence& b, Budget& budget) {
  for (const Value& item : a.items) {
    bool found = false;
    for (size_t i = 0; i < b.items.size() && !found; ++i) {
      ASSIGN_OR_RETURN(const bool equal, ValuesEqual(item, b.items[i], budget));
      found = equal;
    }
    if (!found) return false;
  }
  return true;
}

absl::StatusOr<bool> SequencesEqual(const Sequence& a, const Sequence& b, Budget& budget) {
  if (&a == &b) return true;
  if (IsSetView(a) && IsSetView(b)) {
    if (a.items.size() != b.items.size()) return false;
    return IsSubset(a, b, budget);
  }
  if (a.kind != b.kind || a.kind == Kind::kValues || a.items.size() != b.items.size()) return false;
  for (size_t i = 0; i < a.items.size(); ++i) {
    absl::StatusOr<bool> equal = ValuesEqual(a.items[i], b.items[i], budget);
    if (!equal.ok() || !*equal) return equal;
  }
  return true;
}

absl::StatusOr<bool> MapsEqual(const Map& a, const Map& b, Budget& budget) {
  if (a.entries().size() != b.entries().size()) return false;
  for (const auto& [key, value] : a.entries()) {
    ASSIGN_OR_RETURN(const Value* other, b.Find(key));
    if (other == nullptr) return false;
    absl::StatusOr<bool> equal = ValuesEqual(value, *other, budget);
    if (!equal.ok() || !*equal) return equal;
  }
  return true;
}

bool Holds(std::string_view op, int order) {
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  return op == ">" ? order > 0 : order >= 0;
}

// Compares the views as sets: < is a proper subset.
absl::StatusOr<bool> SetsOrdered(std::string_view op, const Sequence& a, const Sequence& b,
                                 Budget& budget) {
  const bool swapped = op[0] == '>';
  const Sequence& small = swapped ? b : a;
  const Sequence& large = swapped ? a : b;
  const bool proper = op.size() == 1;
  if (small.items.size() > large.items.size() ||
      (proper && small.items.size() == large.items.size())) {
    return false;
  }
  return IsSubset(small, large, budget);
}

}  // namespace

std::optional<bool> NumbersEqual(const Value& a, const Value& b) {
  if (!IsNumber(a) || !IsNumber(b)) return std::nullopt;
  return CompareNumbers(a, b) == 0;
}

absl::StatusOr<bool> ValuesEqual(const Value& a, const Value& b, Budget& budget) {
  RETURN_IF_ERROR(budget.Spend(1));
  if (const std::optional<bool> equal = NumbersEqual(a, b)) return *equal;
  if (a.data.index() != b.data.index()) return false;
  if (const auto* text = a.AsString()) {
    RETURN_IF_ERROR(budget.SpendBytes(text->size()));
    return *text == *b.AsString();
  }
  if (a.AsSequence() != nullptr) return SequencesEqual(*a.AsSequence(), *b.AsSequence(), budget);
  if (a.AsMap() != nullptr) return MapsEqual(*a.AsMap(), *b.AsMap(), budget);
  return a.AsObject() == b.AsObject() && a.AsIterator() == b.AsIterator();
}

absl::StatusOr<bool> ValuesOrdered(std::string_view op, const Value& a, const Value& b,
                                   Budget& budget) {
  RETURN_IF_ERROR(budget.Spend(1));
  if (IsNumber(a) && IsNumber(b)) {
    const std::optional<int> order = CompareNumbers(a, b);
    return order.has_value() && Holds(op, *order);
  }
  if (a.AsString() != nullptr && b.AsString() != nullptr) {
    RETURN_IF_ERROR(budget.SpendBytes(a.AsString()->size()));
    // UTF-8 sorts in the order of code points.
    return Holds(op, a.AsString()->compare(*b.AsString()));
  }
  const Sequence* left = a.AsSequence();
  const Sequence* right = b.AsSequence();
  if (left != nullptr && right != nullptr && left->kind == right->kind && left->IsListOrTuple()) {
    const size_t shared = std::min(left->items.size(), right->items.size());
    for (size_t i = 0; i < shared; ++i) {
      ASSIGN_OR_RETURN(const bool equal, ValuesEqual(left->items[i], right->items[i], budget));
      if (!equal) return ValuesOrdered(op, left->items[i], right->items[i], budget);
    }
    return Holds(op, left->items.size() < right->items.size()   ? -1
                     : left->items.size() > right->items.size() ? 1
                                                                : 0);
  }
  if (left != nullptr && right != nullptr && IsSetView(*left) && IsSetView(*right)) {
    return SetsOrdered(op, *left, *right, budget);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", std::string(op), "' is not supported between ", TypeName(a), " and ", TypeName(b)));
}

absl::StatusOr<bool> ValueLess(const Value& a, const Value& b, Budget& budget) {
  return ValuesOrdered("<", a, b, budget);
}

}  // namespace assay::jinja
