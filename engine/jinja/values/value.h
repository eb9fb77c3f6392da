// The values of a template while it renders: the part of Python's data model that templates use.
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

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/jinja/values/budget.h"

namespace assay::jinja {

class Iterator;
class Map;
class Object;
struct BigInteger;
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
// change after they are made. The exceptions are an iterator, which iteration consumes, and an
// object. A value that holds an Object or an Iterator must not outlive the run that made it.
struct Value {
  // An integer is an int64_t if it fits, and a BigInteger otherwise.
  std::variant<UndefinedValue, NoneValue, bool, int64_t, std::shared_ptr<const BigInteger>, double,
               StringValue, std::shared_ptr<const Sequence>, std::shared_ptr<const Map>,
               std::shared_ptr<Iterator>, Object*>
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
  const BigInteger* AsBigInteger() const;
  Iterator* AsIterator() const;
  Object* AsObject() const;
  bool IsUndefined() const { return std::holds_alternative<UndefinedValue>(data); }
  bool IsNone() const { return std::holds_alternative<NoneValue>(data); }
  bool IsMarkup() const;
  // True for integers of any size and booleans, which are integers in Python.
  bool IsInteger() const;
  bool IsTuple() const;

  // Python's bool(value).
  bool IsTruthy() const;
  // The number of nested levels of lists, maps and iterators, 0 for every other type. Functions
  // that make them keep it within kMaxNesting.
  int Nesting() const;
};

inline constexpr int kMaxNesting = 100;
inline constexpr size_t kMaxItems = 100'000;
inline constexpr size_t kMaxStringBytes = size_t{4} << 20;
// INVALID_ARGUMENT for a string of more than kMaxStringBytes, for more than kMaxItems items, or for
// more than kMaxNesting levels.
absl::Status StringTooLong();
absl::Status ListTooLong();
absl::Status NestsTooDeep();

enum class SequenceKind { kList, kTuple, kRange, kKeys, kValues, kItems };

struct Sequence {
  SequenceKind kind;
  int nesting;
  List items;
  // The first and the last bound and the step of a range.
  int64_t start = 0;
  int64_t stop = 0;
  int64_t step = 1;
  // True for the tuples of the filter groupby, which have the attributes `grouper` and `list`.
  bool is_group = false;

  bool IsListOrTuple() const { return kind == SequenceKind::kList || kind == SequenceKind::kTuple; }
  // True for the kinds that Python indexes by a number.
  bool IsIndexable() const { return IsListOrTuple() || kind == SequenceKind::kRange; }
};

// The arguments of a call, in the order of the source. The named ones follow the positional ones.
struct Arguments {
  List positional;
  std::vector<std::pair<std::string, Value>> named;
};

// Produces values one by one. Not thread-safe.
class Iterator {
 public:
  // `nesting` is that of the values that the iterator holds.
  explicit Iterator(int nesting) : nesting_(nesting + 1) {}
  virtual ~Iterator() = default;
  Iterator(const Iterator&) = delete;
  Iterator& operator=(const Iterator&) = delete;

  // Returns nullopt at the end.
  virtual absl::StatusOr<std::optional<Value>> Next() = 0;
  int nesting() const { return nesting_; }

 private:
  const int nesting_;
};

// A value that exists only within a run: a macro, namespace, loop, function or bound method. The
// run owns it.
class Object {
 public:
  virtual ~Object() = default;
  virtual std::string TypeName() const = 0;
  // Returns nullopt if there is no such attribute.
  virtual absl::StatusOr<std::optional<Value>> Attribute(std::string_view name);
  virtual Result Call(const Arguments& arguments);
  virtual bool IsCallable() const { return false; }
  // Python's repr(). Returns UNIMPLEMENTED for objects that Python prints with an address.
  virtual absl::StatusOr<std::string> Repr();
  // Python's len(). Returns nullopt for an object without a length.
  virtual absl::StatusOr<std::optional<int64_t>> Length();
  // Returns null for an object that is not iterable.
  virtual std::shared_ptr<Iterator> Iterate();
};

// Each returns INVALID_ARGUMENT beyond kMaxItems items or kMaxNesting levels.
Result MakeSequence(SequenceKind kind, List items);
Result MakeList(List items);
Result MakeTuple(List items);
Result MakeMap(Map map);
Result MakeIterator(std::shared_ptr<Iterator> iterator);

// Reads an integer that fits into 64 bits, as Python does: booleans are 0 and 1. Returns false if
// `value` is none.
bool AsInteger(const Value& value, int64_t* out);

// Python's name of the type, such as "int".
std::string TypeName(const Value& value);

// Returns INVALID_ARGUMENT "OPERATION needs EXPECTED, not TYPE", with the type of `value`.
absl::Status TypeError(std::string_view operation, std::string_view expected, const Value& value);

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_VALUE_H_
