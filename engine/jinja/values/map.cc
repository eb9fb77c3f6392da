// The dictionaries of a template.
#include "engine/jinja/values/map.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/jinja/values/comparison.h"
#include "engine/jinja/values/integer.h"

namespace assay::jinja {
namespace {

using Kind = SequenceKind;

// A key with more parts, at all levels, would make a lookup expensive.
constexpr size_t kMaxKeyParts = 256;

absl::Status CannotHash(const Value& key) {
  return absl::InvalidArgumentError(
      absl::StrCat("a dictionary key cannot be of type ", TypeName(key)));
}

absl::StatusOr<uint64_t> HashParts(const Value& key, size_t& parts);

absl::StatusOr<uint64_t> HashItems(const Sequence& sequence, size_t& parts) {
  uint64_t hash = sequence.items.size();
  for (const Value& item : sequence.items) {
    if (++parts > kMaxKeyParts) {
      return absl::UnimplementedError(
          absl::StrCat("a dictionary key of more than ", kMaxKeyParts, " parts is not supported"));
    }
    ASSIGN_OR_RETURN(const uint64_t part, HashParts(item, parts));
    hash = absl::HashOf(hash, part);
  }
  return hash;
}

// Equal values have equal hashes. Counts the items of tuples in `parts`.
absl::StatusOr<uint64_t> HashParts(const Value& key, size_t& parts) {
  if (key.AsMap() != nullptr) return CannotHash(key);
  if (const auto* text = key.AsString()) return absl::HashOf(*text);
  if (key.IsInteger() || key.As<double>() != nullptr) return HashNumber(key);
  if (key.IsUndefined()) return 1;
  if (key.IsNone()) return 2;
  if (Object* object = key.AsObject()) return absl::HashOf(object);
  if (Iterator* iterator = key.AsIterator()) return absl::HashOf(iterator);
  const Sequence& sequence = *key.AsSequence();
  if (sequence.kind == Kind::kTuple || sequence.kind == Kind::kRange) {
    return HashItems(sequence, parts);
  }
  if (sequence.kind == Kind::kValues) return absl::HashOf(&sequence);
  return CannotHash(key);
}

absl::StatusOr<uint64_t> Hash(const Value& key) {
  size_t parts = 0;
  return HashParts(key, parts);
}

bool SameKey(const Value& a, const Value& b) {
  Budget budget;  // A key has few parts.
  const absl::StatusOr<bool> equal = ValuesEqual(a, b, budget);
  return equal.ok() && *equal;
}

}  // namespace

absl::Status Map::Set(Value key, Value value) {
  const int nesting = std::max(key.Nesting(), value.Nesting());
  if (nesting >= kMaxNesting) return NestsTooDeep();
  ASSIGN_OR_RETURN(const Value* found, Find(key));
  if (found == nullptr && entries_.size() >= kMaxItems) return ListTooLong();
  nesting_ = std::max(nesting_, nesting + 1);
  if (found != nullptr) {
    *const_cast<Value*>(found) = std::move(value);  // The entry belongs to this map.
    return absl::OkStatus();
  }
  if (const auto* text = key.AsString()) {
    strings_.emplace(*text, entries_.size());
  } else {
    ASSIGN_OR_RETURN(const uint64_t hash, Hash(key));
    others_[hash].push_back(entries_.size());
  }
  entries_.emplace_back(std::move(key), std::move(value));
  return absl::OkStatus();
}

const Value* Map::Find(std::string_view key) const {
  const auto found = strings_.find(key);
  return found == strings_.end() ? nullptr : &entries_[found->second].second;
}

absl::StatusOr<const Value*> Map::Find(const Value& key) const {
  if (const auto* text = key.AsString()) return Find(*text);
  ASSIGN_OR_RETURN(const uint64_t hash, Hash(key));
  const auto found = others_.find(hash);
  if (found == others_.end()) return nullptr;
  for (const size_t i : found->second) {
    if (SameKey(entries_[i].first, key)) return &entries_[i].second;
  }
  return nullptr;
}

absl::Status SpendKey(const Value& key, Budget& budget) {
  if (const auto* text = key.AsString()) return budget.SpendBytes(text->size());
  const Sequence* sequence = key.AsSequence();
  if (sequence == nullptr) return absl::OkStatus();
  RETURN_IF_ERROR(budget.Spend(static_cast<int64_t>(sequence->items.size())));
  for (const Value& item : sequence->items) {
    RETURN_IF_ERROR(SpendKey(item, budget));
  }
  return absl::OkStatus();
}

}  // namespace assay::jinja
