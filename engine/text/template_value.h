// Values of a template while it renders: Python's, as far as templates need them.
#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_VALUE_H_
#define ASSAY_ENGINE_TEXT_TEMPLATE_VALUE_H_

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
#include "engine/text/template_budget.h"

namespace assay::engine {

class TemplateMap;
class TemplateObject;
struct TemplateSequence;
struct TemplateValue;
using TemplateList = std::vector<TemplateValue>;

struct TemplateUndefined {};
struct TemplateNone {};

// Shared and never changed. Markup is what `|safe` and `|escape` return: text joined to it is
// escaped.
struct TemplateText {
  std::shared_ptr<const std::string> text;
  bool markup = false;
};

// Sequences and maps are shared and never changed after they are made (a generator is used up).
struct TemplateValue {
  std::variant<TemplateUndefined, TemplateNone, bool, int64_t, double, TemplateText,
               std::shared_ptr<const TemplateSequence>, std::shared_ptr<const TemplateMap>,
               TemplateObject*>
      data;

  static TemplateValue None() { return {TemplateNone{}}; }
  static TemplateValue Text(std::string text, bool markup = false) {
    return {TemplateText{std::make_shared<const std::string>(std::move(text)), markup}};
  }

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&data);
  }
  // Null if the value is of another type.
  const std::string* AsText() const;
  const TemplateSequence* AsSequence() const;
  const TemplateMap* AsMap() const;
  TemplateObject* AsObject() const;
  bool IsUndefined() const { return std::holds_alternative<TemplateUndefined>(data); }
  bool IsNone() const { return std::holds_alternative<TemplateNone>(data); }
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
absl::Status TemplateTextTooLong();
absl::Status TemplateListTooLong();

enum class TemplateSequenceKind { kList, kTuple, kRange, kKeys, kValues, kItems, kGenerator };

struct TemplateSequence {
  TemplateSequenceKind kind;
  int nesting;
  TemplateList items;
  // Of a generator: the items before are used up.
  mutable size_t next = 0;
};

// A dictionary in the order of insertion. Keys are texts, numbers, booleans or None.
class TemplateMap {
 public:
  using Entry = std::pair<TemplateValue, TemplateValue>;

  // INVALID_ARGUMENT: a key that Python cannot hash, or bounds. A known key keeps its place.
  absl::Status Set(TemplateValue key, TemplateValue value);
  // Null if there is none.
  const TemplateValue* Find(std::string_view key) const;
  // INVALID_ARGUMENT: a key that Python cannot hash.
  absl::StatusOr<const TemplateValue*> Find(const TemplateValue& key) const;
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
struct TemplateArguments {
  TemplateList positional;
  std::vector<std::pair<std::string, TemplateValue>> named;
};

// What only a running template has: macros, namespaces, loops, functions, methods of a value.
// Owned by the run.
class TemplateObject {
 public:
  virtual ~TemplateObject() = default;
  virtual std::string_view TypeName() const = 0;
  // Undefined if there is none of this name.
  virtual TemplateValue Attribute(std::string_view name);
  virtual absl::StatusOr<TemplateValue> Call(const TemplateArguments& arguments);
};

// INVALID_ARGUMENT beyond kMaxTemplateItems items or kMaxTemplateNesting levels.
absl::StatusOr<TemplateValue> MakeSequence(TemplateSequenceKind kind, TemplateList items);
absl::StatusOr<TemplateValue> MakeList(TemplateList items);
absl::StatusOr<TemplateValue> MakeMap(TemplateMap map);

// A number as Python counts it: booleans are 0 and 1. False if it is none.
bool AsTemplateNumber(const TemplateValue& value, double* out);
bool AsTemplateInteger(const TemplateValue& value, int64_t* out);
// Whole numbers are compared exactly. Nothing unless both are numbers.
std::optional<bool> NumbersEqual(const TemplateValue& a, const TemplateValue& b);

// Python's name of the type.
std::string_view TypeName(const TemplateValue& value);

// Python's str(); undefined is empty. INVALID_ARGUMENT: objects of the run, and texts beyond 4 MiB.
absl::StatusOr<std::string> TextOf(const TemplateValue& value);
// Python's repr().
absl::StatusOr<std::string> ReprOf(const TemplateValue& value);
std::string ReprOfText(std::string_view text);
// Python's repr() of a float: the shortest digits that read back the same.
std::string ReprOfFloat(double value);

// Python's ==: true, 1 and 1.0 are equal. Spends a step an item.
absl::StatusOr<bool> ValuesEqual(const TemplateValue& a, const TemplateValue& b,
                                 TemplateBudget& budget);
// Python's <. INVALID_ARGUMENT: types without an order between them.
absl::StatusOr<bool> ValueLess(const TemplateValue& a, const TemplateValue& b,
                               TemplateBudget& budget);

// The items a loop over the value sees: of a sequence, the keys of a map, the characters of a text,
// none of undefined. A generator is used up. INVALID_ARGUMENT: a value that is not iterable.
absl::StatusOr<TemplateList> ItemsOf(const TemplateValue& value, TemplateBudget& budget);
// Python's len(). INVALID_ARGUMENT: a value without length.
absl::StatusOr<int64_t> LengthOf(const TemplateValue& value);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_VALUE_H_
