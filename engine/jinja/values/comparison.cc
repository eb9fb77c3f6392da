// Python's == and < of template values.
#include "engine/jinja/values/comparison.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::jinja {
namespace {

using Kind = SequenceKind;

// True for two sequences that Python compares item by item.
bool SameSequenceKind(const Sequence& a, const Sequence& b) {
  return a.kind == b.kind && a.kind != Kind::kGenerator && a.kind != Kind::kValues;
}

absl::StatusOr<bool> SequencesEqual(const Sequence& a, const Sequence& b, Budget& budget) {
  if (!SameSequenceKind(a, b) || a.items.size() != b.items.size()) return &a == &b;
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

}  // namespace

std::optional<bool> NumbersEqual(const Value& a, const Value& b) {
  int64_t i = 0;
  int64_t j = 0;
  if (AsInteger(a, &i) && AsInteger(b, &j)) return i == j;
  double x = 0;
  double y = 0;
  if (!AsNumber(a, &x) || !AsNumber(b, &y)) return std::nullopt;
  return x == y;
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
  return a.AsObject() == b.AsObject();
}

absl::StatusOr<bool> ValueLess(const Value& a, const Value& b, Budget& budget) {
  RETURN_IF_ERROR(budget.Spend(1));
  double x = 0;
  double y = 0;
  int64_t i = 0;
  int64_t j = 0;
  if (AsInteger(a, &i) && AsInteger(b, &j)) return i < j;
  if (AsNumber(a, &x) && AsNumber(b, &y)) return x < y;
  if (a.AsString() != nullptr && b.AsString() != nullptr) {
    RETURN_IF_ERROR(budget.SpendBytes(a.AsString()->size()));
    return *a.AsString() < *b.AsString();  // UTF-8 sorts in the order of code points.
  }
  const Sequence* left = a.AsSequence();
  const Sequence* right = b.AsSequence();
  if (left != nullptr && right != nullptr && left->kind == right->kind && left->IsListOrTuple()) {
    const size_t shared = std::min(left->items.size(), right->items.size());
    for (size_t i = 0; i < shared; ++i) {
      ASSIGN_OR_RETURN(const bool equal, ValuesEqual(left->items[i], right->items[i], budget));
      if (!equal) return ValueLess(left->items[i], right->items[i], budget);
    }
    return left->items.size() < right->items.size();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'<' is not supported between ", TypeName(a), " and ", TypeName(b)));
}

}  // namespace assay::jinja
