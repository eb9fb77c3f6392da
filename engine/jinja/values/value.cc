// The values of a template while it renders.
#include "engine/jinja/values/value.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/jinja/values/comparison.h"
#include "engine/jinja/values/strings.h"

namespace assay::jinja {
namespace {

using Kind = SequenceKind;

constexpr size_t kMaxOtherKeys = 256;

absl::Status TooDeep() {
  return absl::InvalidArgumentError(
      absl::StrCat("a value nests deeper than ", kMaxNesting, " levels"));
}

// In Python 1, 1.0 and true are the same key.
bool SameKey(const Value& a, const Value& b) {
  return NumbersEqual(a, b).value_or(a.IsNone() && b.IsNone());
}

absl::Status CheckKey(const Value& key) {
  if (key.AsString() != nullptr || key.IsNone() || key.As<bool>() != nullptr ||
      key.As<int64_t>() != nullptr || key.As<double>() != nullptr) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a dictionary key cannot be of type ", TypeName(key)));
}

}  // namespace

absl::Status StringTooLong() { return absl::InvalidArgumentError("a string grows beyond 4 MiB"); }

absl::Status ListTooLong() {
  return absl::InvalidArgumentError(absl::StrCat("a list grows beyond ", kMaxItems, " items"));
}

bool AsInteger(const Value& value, int64_t* out) {
  if (const auto* flag = value.As<bool>()) {
    *out = *flag ? 1 : 0;
  } else if (const auto* number = value.As<int64_t>()) {
    *out = *number;
  } else {
    return false;
  }
  return true;
}

bool AsNumber(const Value& value, double* out) {
  int64_t whole = 0;
  if (const auto* real = value.As<double>()) {
    *out = *real;
    return true;
  }
  if (!AsInteger(value, &whole)) return false;
  *out = static_cast<double>(whole);
  return true;
}

const std::string* Value::AsString() const {
  const auto* text = As<StringValue>();
  return text == nullptr ? nullptr : text->text.get();
}
const Sequence* Value::AsSequence() const {
  const auto* sequence = As<std::shared_ptr<const Sequence>>();
  return sequence == nullptr ? nullptr : sequence->get();
}
const Map* Value::AsMap() const {
  const auto* map = As<std::shared_ptr<const Map>>();
  return map == nullptr ? nullptr : map->get();
}
Object* Value::AsObject() const {
  const auto* object = As<Object*>();
  return object == nullptr ? nullptr : *object;
}
bool Value::IsMarkup() const {
  const auto* text = As<StringValue>();
  return text != nullptr && text->markup;
}

bool Value::IsTruthy() const {
  if (const auto* flag = As<bool>()) return *flag;
  if (const auto* number = As<int64_t>()) return *number != 0;
  if (const auto* number = As<double>()) return *number != 0;
  if (const auto* text = AsString()) return !text->empty();
  if (const auto* map = AsMap()) return !map->entries().empty();
  if (const auto* sequence = AsSequence()) {
    return sequence->kind == Kind::kGenerator || !sequence->items.empty();
  }
  return AsObject() != nullptr;
}

int Value::Nesting() const {
  if (const auto* sequence = AsSequence()) return sequence->nesting;
  if (const auto* map = AsMap()) return map->nesting();
  return 0;
}

absl::Status Map::Set(Value key, Value value) {
  RETURN_IF_ERROR(CheckKey(key));
  if (value.Nesting() >= kMaxNesting) return TooDeep();
  nesting_ = std::max(nesting_, value.Nesting() + 1);
  const auto found = Find(key);
  if (found.ok() && *found != nullptr) {
    *const_cast<Value*>(*found) = std::move(value);  // The entry belongs to this map.
    return absl::OkStatus();
  }
  if (entries_.size() >= kMaxItems) return ListTooLong();
  if (const auto* text = key.AsString()) {
    strings_.emplace(*text, entries_.size());
  } else {
    if (others_.size() >= kMaxOtherKeys) {
      return absl::InvalidArgumentError(
          absl::StrCat("a dictionary has more than ", kMaxOtherKeys, " keys that are not strings"));
    }
    others_.push_back(entries_.size());
  }
  entries_.emplace_back(std::move(key), std::move(value));
  return absl::OkStatus();
}

const Value* Map::Find(std::string_view key) const {
  const auto found = strings_.find(std::string(key));
  return found == strings_.end() ? nullptr : &entries_[found->second].second;
}

absl::StatusOr<const Value*> Map::Find(const Value& key) const {
  RETURN_IF_ERROR(CheckKey(key));
  if (const auto* text = key.AsString()) return Find(*text);
  for (const size_t i : others_) {
    if (SameKey(entries_[i].first, key)) return &entries_[i].second;
  }
  return nullptr;
}

Value Object::Attribute(std::string_view) { return {}; }

Result Object::Call(const Arguments&) {
  return absl::InvalidArgumentError(absl::StrCat(TypeName(), " cannot be called"));
}

Result MakeSequence(Kind kind, List items) {
  if (items.size() > kMaxItems) return ListTooLong();
  int nesting = 0;
  for (const Value& item : items) nesting = std::max(nesting, item.Nesting());
  if (nesting >= kMaxNesting) return TooDeep();
  return Value{std::make_shared<const Sequence>(
      Sequence{.kind = kind, .nesting = nesting + 1, .items = std::move(items)})};
}

Result MakeList(List items) { return MakeSequence(Kind::kList, std::move(items)); }

Result MakeMap(Map map) { return Value{std::make_shared<const Map>(std::move(map))}; }

std::string TypeName(const Value& value) {
  if (value.IsUndefined()) return "undefined";
  if (value.IsNone()) return "None";
  if (value.As<bool>() != nullptr) return "bool";
  if (value.As<int64_t>() != nullptr) return "int";
  if (value.As<double>() != nullptr) return "float";
  if (value.AsString() != nullptr) return "str";
  if (value.AsMap() != nullptr) return "dict";
  if (const Object* object = value.AsObject()) return object->TypeName();
  switch (value.AsSequence()->kind) {
    case Kind::kList:
      return "list";
    case Kind::kTuple:
      return "tuple";
    case Kind::kRange:
      return "range";
    case Kind::kKeys:
      return "dict_keys";
    case Kind::kValues:
      return "dict_values";
    case Kind::kItems:
      return "dict_items";
    case Kind::kGenerator:
      return "generator";
  }
  return "unknown";
}

absl::Status TypeError(std::string_view operation, std::string_view expected, const Value& value) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(operation), " needs ",
                                                 std::string(expected), ", not ", TypeName(value)));
}

absl::StatusOr<List> GetItems(const Value& value, Budget& budget) {
  List items;
  if (value.IsUndefined()) return items;
  if (const auto* sequence = value.AsSequence()) {
    RETURN_IF_ERROR(budget.SpendItems(sequence->items.size()));
    items.assign(sequence->items.begin() + static_cast<std::ptrdiff_t>(sequence->next),
                 sequence->items.end());
    if (sequence->kind == Kind::kGenerator) sequence->next = sequence->items.size();
    return items;
  }
  if (const auto* map = value.AsMap()) {
    RETURN_IF_ERROR(budget.SpendItems(map->entries().size()));
    for (const auto& [key, unused] : map->entries()) items.push_back(key);
    return items;
  }
  if (const auto* text = value.AsString()) {
    // Each character becomes a value, which costs as much as a step.
    RETURN_IF_ERROR(budget.Spend(static_cast<int64_t>(text->size())));
    const std::string_view whole = *text;
    for (size_t at = 0, bytes = 0; at < whole.size(); at += bytes) {
      bytes = NextUtf8(whole.substr(at)).bytes;
      items.push_back(Value::String(std::string(whole.substr(at, bytes)), value.IsMarkup()));
    }
    return items;
  }
  return absl::InvalidArgumentError(absl::StrCat(TypeName(value), " is not iterable"));
}

absl::StatusOr<int64_t> GetLength(const Value& value) {
  if (value.IsUndefined()) return 0;
  if (const auto* map = value.AsMap()) return static_cast<int64_t>(map->entries().size());
  if (const auto* sequence = value.AsSequence(); sequence != nullptr) {
    if (sequence->kind != Kind::kGenerator) return static_cast<int64_t>(sequence->items.size());
  }
  if (const auto* text = value.AsString()) return CountCharacters(*text);
  return absl::InvalidArgumentError(absl::StrCat(TypeName(value), " has no length"));
}

}  // namespace assay::jinja
