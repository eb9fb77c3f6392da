// The values of a template while it renders.
#include "engine/jinja/values/value.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/jinja/values/map.h"

namespace assay::jinja {
namespace {

using Kind = SequenceKind;

std::string SequenceTypeName(Kind kind) {
  switch (kind) {
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
  }
  return "unknown";
}

}  // namespace

absl::Status StringTooLong() { return absl::InvalidArgumentError("a string grows beyond 4 MiB"); }

absl::Status ListTooLong() {
  return absl::InvalidArgumentError(absl::StrCat("a list grows beyond ", kMaxItems, " items"));
}

absl::Status NestsTooDeep() {
  return absl::InvalidArgumentError(
      absl::StrCat("a value nests deeper than ", kMaxNesting, " levels"));
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
const BigInteger* Value::AsBigInteger() const {
  const auto* big = As<std::shared_ptr<const BigInteger>>();
  return big == nullptr ? nullptr : big->get();
}
Iterator* Value::AsIterator() const {
  const auto* iterator = As<std::shared_ptr<Iterator>>();
  return iterator == nullptr ? nullptr : iterator->get();
}
Object* Value::AsObject() const {
  const auto* object = As<Object*>();
  return object == nullptr ? nullptr : *object;
}
bool Value::IsMarkup() const {
  const auto* text = As<StringValue>();
  return text != nullptr && text->markup;
}
bool Value::IsInteger() const {
  return As<int64_t>() != nullptr || As<bool>() != nullptr || AsBigInteger() != nullptr;
}
bool Value::IsTuple() const {
  const Sequence* sequence = AsSequence();
  return sequence != nullptr && sequence->kind == Kind::kTuple;
}

bool Value::IsTruthy() const {
  if (const auto* flag = As<bool>()) return *flag;
  if (const auto* number = As<int64_t>()) return *number != 0;
  if (const auto* number = As<double>()) return *number != 0;
  if (const auto* text = AsString()) return !text->empty();
  if (const auto* map = AsMap()) return !map->entries().empty();
  if (const auto* sequence = AsSequence()) return !sequence->items.empty();
  return !IsUndefined() && !IsNone();
}

int Value::Nesting() const {
  if (const auto* sequence = AsSequence()) return sequence->nesting;
  if (const auto* map = AsMap()) return map->nesting();
  if (const auto* iterator = AsIterator()) return iterator->nesting();
  return 0;
}

absl::StatusOr<std::optional<Value>> Object::Attribute(std::string_view) { return std::nullopt; }

Result Object::Call(const Arguments&) {
  return absl::InvalidArgumentError(absl::StrCat("a ", TypeName(), " cannot be called"));
}

absl::StatusOr<std::string> Object::Repr() {
  return absl::UnimplementedError(
      absl::StrCat("converting a ", TypeName(), " to a string is not supported"));
}

absl::StatusOr<std::optional<int64_t>> Object::Length() { return std::nullopt; }

std::shared_ptr<Iterator> Object::Iterate() { return nullptr; }

Result MakeSequence(Kind kind, List items) {
  if (items.size() > kMaxItems) return ListTooLong();
  int nesting = 0;
  for (const Value& item : items) nesting = std::max(nesting, item.Nesting());
  if (nesting >= kMaxNesting) return NestsTooDeep();
  return Value{std::make_shared<const Sequence>(
      Sequence{.kind = kind, .nesting = nesting + 1, .items = std::move(items)})};
}

Result MakeList(List items) { return MakeSequence(Kind::kList, std::move(items)); }
Result MakeTuple(List items) { return MakeSequence(Kind::kTuple, std::move(items)); }

Result MakeMap(Map map) { return Value{std::make_shared<const Map>(std::move(map))}; }

Result MakeIterator(std::shared_ptr<Iterator> iterator) {
  if (iterator->nesting() > kMaxNesting) return NestsTooDeep();
  return Value{std::move(iterator)};
}

std::string TypeName(const Value& value) {
  if (value.IsUndefined()) return "undefined";
  if (value.IsNone()) return "None";
  if (value.As<bool>() != nullptr) return "bool";
  if (value.IsInteger()) return "int";
  if (value.As<double>() != nullptr) return "float";
  if (value.AsString() != nullptr) return "str";
  if (value.AsMap() != nullptr) return "dict";
  if (value.AsIterator() != nullptr) return "generator";
  if (const Object* object = value.AsObject()) return object->TypeName();
  return SequenceTypeName(value.AsSequence()->kind);
}

absl::Status TypeError(std::string_view operation, std::string_view expected, const Value& value) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(operation), " needs ",
                                                 std::string(expected), ", not ", TypeName(value)));
}

}  // namespace assay::jinja
