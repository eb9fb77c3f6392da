// The dictionaries of a template.
#ifndef ASSAY_ENGINE_JINJA_VALUES_MAP_H_
#define ASSAY_ENGINE_JINJA_VALUES_MAP_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"
#include "engine/jinja/values/value.h"

namespace assay::jinja {

// A dictionary in insertion order. As in Python, 1, 1.0 and true are the same key, and a key can be
// anything but a list, a dictionary or a view of one.
class Map {
 public:
  using Entry = std::pair<Value, Value>;

  // Sets `key` to `value`. A key that exists keeps its position. Returns INVALID_ARGUMENT for a key
  // that Python cannot hash and for a map that grows beyond the limits of value.h.
  absl::Status Set(Value key, Value value);
  // Returns null if the map has no such key.
  const Value* Find(std::string_view key) const;
  // Returns null if the map has no such key, INVALID_ARGUMENT for a key that Python cannot hash.
  absl::StatusOr<const Value*> Find(const Value& key) const;
  const std::vector<Entry>& entries() const { return entries_; }
  int nesting() const { return nesting_; }

 private:
  std::vector<Entry> entries_;
  // The index in entries_ of each key that is a string. The views are of the strings in entries_,
  // which copies of the map share.
  absl::flat_hash_map<std::string_view, size_t> strings_;
  // The indices in entries_ of the other keys, by their hashes.
  absl::flat_hash_map<uint64_t, std::vector<size_t>> others_;
  int nesting_ = 1;
};

// Spends what it costs to hash `key`.
absl::Status SpendKey(const Value& key, Budget& budget);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_MAP_H_
