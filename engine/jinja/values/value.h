// The values of a template while it renders: the part of Python's data model that templates use.
#ifndef ASSAY_ENGINE_JINJA_VALUES_VALUE_H_
#define ASSAY_ENGINE_JINJA_VALUES_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"

namespace assay::jinja {

class Map;
class Object;
struct Sequence;
struct Value;
using List = std::vector<Value>;
// A value, or the error of the operation that should have made it.
using Result = absl::StatusOr<Value>;

struct UndefinedValue {};
struct NoneValue {};

// An immutable string that copies of a value share. The filters `safe` and `escape` return markup:
// a string that is added to markup is escaped first.
struct StringValue {
  std::shared_ptr<const std::string> text;
  bool markup = false;
};

// A value of any type. It is cheap to copy: copies share strings, sequences and maps, which do not
// change after they are made. The one exception is a generator, which iteration consumes. A value
// that holds an Object must not outlive the run that owns the object.
struct Value {
  std::variant<UndefinedValue, NoneValue, bool, int64_t, double, StringValue,
               std::shared_ptr<const Sequence>, std::shared_ptr<const Map>, Object*>
      data;

  static Value None() { return {NoneValue{}}; }
  static Value String(std::string text, bool markup = false) {
    return {StringValue{std::make_shared<const std::string>(std::move(text)), markup}};
  }

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&data);
  }
  // Each returns null if the value has another type.
  const std::string* AsString() const;
  const Sequence* AsSequence() const;
  const Map* AsMap() const;
  Object* AsObject() const;
  bool IsUndefined() const { return std::holds_alternative<UndefinedValue>(data); }
  bool IsNone() const { return std::holds_alternative<NoneValue>(data); }
  bool IsMarkup() const;

  // Python's bool(value).
  bool IsTruthy() const;
  // The number of nested levels of lists and maps, 0 for every other type. Functions that make
  // lists and maps keep it within kMaxNesting.
  int Nesting() const;
};

inline constexpr int kMaxNesting = 100;
inline constexpr size_t kMaxItems = 100'000;
inline constexpr size_t kMaxStringBytes = size_t{4} << 20;
// INVALID_ARGUMENT for a string of more than kMaxStringBytes, or for more than kMaxItems items.
absl::Status StringTooLong();
absl::Status ListTooLong();

enum class SequenceKind { kList, kTuple, kRange, kKeys, kValues, kItems, kGenerator };

struct Sequence {
  SequenceKind kind;
  int nesting;
  List items;
  // In a generator, iteration has consumed the items before this index.
  mutable size_t next = 0;

  bool IsListOrTuple() const { return kind == SequenceKind::kList || kind == SequenceKind::kTuple; }
  // True for the kinds that Python indexes by a number.
  bool IsIndexable() const { return IsListOrTuple() || kind == SequenceKind::kRange; }
};

// A dictionary in insertion order. Keys are strings, numbers, booleans or None.
class Map {
 public:
  using Entry = std::pair<Value, Value>;

  // Sets `key` to `value`. A key that exists keeps its position. Returns INVALID_ARGUMENT for a key
  // that Python cannot hash and for a map that grows beyond its limits.
  absl::Status Set(Value key, Value value);
  // Returns null if the map has no such key.
  const Value* Find(std::string_view key) const;
  // Returns null if the map has no such key, INVALID_ARGUMENT for a key that Python cannot hash.
  absl::StatusOr<const Value*> Find(const Value& key) const;
  const std::vector<Entry>& entries() const { return entries_; }
  int nesting() const { return nesting_; }

 private:
  std::vector<Entry> entries_;
  // The index in entries_ of each key that is a string.
  absl::flat_hash_map<std::string, size_t> strings_;
  // The indices in entries_ of the other keys. They are few, so a search visits all of them.
  std::vector<size_t> others_;
  int nesting_ = 1;
};

// The arguments of a call, in the order of the source. The named ones follow the positional ones.
struct Arguments {
  List positional;
  std::vector<std::pair<std::string, Value>> named;
};

// A value that exists only within a run: a macro, namespace, loop, function or bound method. The
// run owns it.
class Object {
 public:
  virtual ~Object() = default;
  virtual std::string TypeName() const = 0;
  // Returns undefined if there is no such attribute.
  virtual Value Attribute(std::string_view name);
  virtual Result Call(const Arguments& arguments);
};

// Each returns INVALID_ARGUMENT beyond kMaxItems items or kMaxNesting levels.
Result MakeSequence(SequenceKind kind, List items);
Result MakeList(List items);
Result MakeMap(Map map);

// Reads a number as Python does: booleans are 0 and 1. Returns false if `value` is not a number, or
// not an integer.
bool AsNumber(const Value& value, double* out);
bool AsInteger(const Value& value, int64_t* out);

// Python's name of the type, such as "int".
std::string TypeName(const Value& value);

// Returns INVALID_ARGUMENT "OPERATION needs EXPECTED, not TYPE", with the type of `value`.
absl::Status TypeError(std::string_view operation, std::string_view expected, const Value& value);

// Returns what a loop over `value` iterates over: the items of a sequence, the keys of a map, the
// characters of a string, nothing for undefined. It consumes a generator. Returns INVALID_ARGUMENT
// for a value that is not iterable.
absl::StatusOr<List> GetItems(const Value& value, Budget& budget);
// Python's len(). Returns INVALID_ARGUMENT for a value without a length.
absl::StatusOr<int64_t> GetLength(const Value& value);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_VALUE_H_
