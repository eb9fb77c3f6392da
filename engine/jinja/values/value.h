// Values of a template while it renders: Python's, as far as templates need them.
#ifndef ASSAY_ENGINE_JINJA_VALUES_VALUE_H_
#define ASSAY_ENGINE_JINJA_VALUES_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
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

struct UndefinedValue {};
struct NoneValue {};

// Shared and never changed. Markup is what `|safe` and `|escape` return: text joined to it is
// escaped.
struct StringValue {
  std::shared_ptr<const std::string> text;
  bool markup = false;
};

// Sequences and maps are shared and never changed after they are made (a generator is used up).
struct Value {
  std::variant<UndefinedValue, NoneValue, bool, int64_t, double, StringValue,
               std::shared_ptr<const Sequence>, std::shared_ptr<const Map>, Object*>
      data;

  static Value None() { return {NoneValue{}}; }
  static Value Text(std::string text, bool markup = false) {
    return {StringValue{std::make_shared<const std::string>(std::move(text)), markup}};
  }

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&data);
  }
  // Null if the value is of another type.
  const std::string* AsText() const;
  const Sequence* AsSequence() const;
  const Map* AsMap() const;
  Object* AsObject() const;
  bool IsUndefined() const { return std::holds_alternative<UndefinedValue>(data); }
  bool IsNone() const { return std::holds_alternative<NoneValue>(data); }
  bool IsMarkup() const;

  // Python's truth.
  bool Truth() const;
  // Levels of lists and maps, 0 for the others; bounded by kMaxTemplateNesting where they are made.
  int Nesting() const;
};

inline constexpr int kMaxTemplateNesting = 100;
inline constexpr size_t kMaxTemplateItems = 100'000;
inline constexpr size_t kMaxTemplateTextBytes = size_t{4} << 20;
// INVALID_ARGUMENT: what every value beyond these bounds is.
absl::Status TextTooLong();
absl::Status ListTooLong();

enum class SequenceKind { kList, kTuple, kRange, kKeys, kValues, kItems, kGenerator };

struct Sequence {
  SequenceKind kind;
  int nesting;
  List items;
  // Of a generator: the items before are used up.
  mutable size_t next = 0;
};

// A dictionary in the order of insertion. Keys are texts, numbers, booleans or None.
class Map {
 public:
  using Entry = std::pair<Value, Value>;

  // INVALID_ARGUMENT: a key that Python cannot hash, or bounds. A known key keeps its place.
  absl::Status Set(Value key, Value value);
  // Null if there is none.
  const Value* Find(std::string_view key) const;
  // INVALID_ARGUMENT: a key that Python cannot hash.
  absl::StatusOr<const Value*> Find(const Value& key) const;
  const std::vector<Entry>& entries() const { return entries_; }
  int nesting() const { return nesting_; }

 private:
  std::vector<Entry> entries_;
  absl::flat_hash_map<std::string, size_t> texts_;
  // Places of the keys that are not texts; few, searched in order.
  std::vector<size_t> others_;
  int nesting_ = 1;
};

// Arguments of a call. `named` come after `positional`, as written.
struct Arguments {
  List positional;
  std::vector<std::pair<std::string, Value>> named;
};

// What only a running template has: macros, namespaces, loops, functions, methods of a value.
// Owned by the run.
class Object {
 public:
  virtual ~Object() = default;
  virtual std::string_view TypeName() const = 0;
  // Undefined if there is none of this name.
  virtual Value Attribute(std::string_view name);
  virtual absl::StatusOr<Value> Call(const Arguments& arguments);
};

// INVALID_ARGUMENT beyond kMaxTemplateItems items or kMaxTemplateNesting levels.
absl::StatusOr<Value> MakeSequence(SequenceKind kind, List items);
absl::StatusOr<Value> MakeList(List items);
absl::StatusOr<Value> MakeMap(Map map);

// A number as Python counts it: booleans are 0 and 1. False if it is none.
bool AsTemplateNumber(const Value& value, double* out);
bool AsTemplateInteger(const Value& value, int64_t* out);
// Whole numbers are compared exactly. Nothing unless both are numbers.
std::optional<bool> NumbersEqual(const Value& a, const Value& b);

// Python's name of the type.
std::string_view TypeName(const Value& value);

// Python's str(); undefined is empty. INVALID_ARGUMENT: objects of the run, and texts beyond 4 MiB.
absl::StatusOr<std::string> TextOf(const Value& value);
// Python's repr().
absl::StatusOr<std::string> ReprOf(const Value& value);
std::string ReprOfText(std::string_view text);
// Python's repr() of a float: the shortest digits that read back the same.
std::string ReprOfFloat(double value);

// Python's ==: true, 1 and 1.0 are equal. Spends a step an item.
absl::StatusOr<bool> ValuesEqual(const Value& a, const Value& b, Budget& budget);
// Python's <. INVALID_ARGUMENT: types without an order between them.
absl::StatusOr<bool> ValueLess(const Value& a, const Value& b, Budget& budget);

// The items a loop over the value sees: of a sequence, the keys of a map, the characters of a text,
// none of undefined. A generator is used up. INVALID_ARGUMENT: a value that is not iterable.
absl::StatusOr<List> ItemsOf(const Value& value, Budget& budget);
// Python's len(). INVALID_ARGUMENT: a value without length.
absl::StatusOr<int64_t> LengthOf(const Value& value);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_VALUE_H_
